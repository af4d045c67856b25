# embed_passwords(<target> <passwords.json>)
#
# Puts the list of common passwords that cmake/pack_passwords.sh makes into <target>, between the symbols
# clinikk_common_passwords and clinikk_common_passwords_end.
function(embed_passwords target file)
    if(NOT EXISTS "${file}")
        message(FATAL_ERROR "${file} is missing: run `make setup` first (it installs the npm packages)")
    endif()
    set(list "${CMAKE_CURRENT_BINARY_DIR}/common_passwords.txt")
    set(source "${CMAKE_CURRENT_BINARY_DIR}/common_passwords.S")
    add_custom_command(
        OUTPUT "${list}"
        COMMAND sh "${CMAKE_SOURCE_DIR}/cmake/pack_passwords.sh" "${file}" "${list}"
        DEPENDS "${file}" "${CMAKE_SOURCE_DIR}/cmake/pack_passwords.sh"
        VERBATIM)
    file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT [[
.section .note.GNU-stack,"",%progbits
.section .rodata
.global clinikk_common_passwords, clinikk_common_passwords_end
clinikk_common_passwords:
.incbin "@list@"
clinikk_common_passwords_end:
]])
    set_source_files_properties("${source}" PROPERTIES OBJECT_DEPENDS "${list}" SKIP_PRECOMPILE_HEADERS ON)
    target_sources(${target} PRIVATE "${source}")
endfunction()
