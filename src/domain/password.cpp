#include "domain/password.hpp"

#include "domain/unicode.hpp"

extern "C" {
/// The list that cmake/embed_passwords.cmake embeds: lower-case passwords, each between two line feeds.
extern char const clinikk_common_passwords[];
extern char const clinikk_common_passwords_end[];
}

namespace clinikk {
namespace {

constexpr char const* length_rule = "must be 8 to 256 characters long";

}  // namespace

bool is_common_password(std::string_view password) {
    auto const folded = to_nfkc_casefold(password);
    if (!folded || folded->find('\n') != folded->npos) return false;
    std::string_view const list(clinikk_common_passwords,
                                static_cast<std::size_t>(clinikk_common_passwords_end - clinikk_common_passwords));
    return list.find('\n' + *folded + '\n') != list.npos;
}

Result<void> refuse_address_as_password(Password const& password, std::string_view email_key, std::string_view member) {
    if (to_nfkc_casefold(password.value()) != email_key) return {};
    std::string const detail = std::string(member) + " must not be the e-mail address of the account";
    return Error(ErrorCode::validation_failed, detail, {{detail, "#/" + std::string(member)}});
}

Parsed<Password> Password::parse(std::string_view text) {
    if (text.size() > max_password_bytes) return length_rule;
    auto normal = to_nfkc(text);
    if (!normal) return "must be valid UTF-8";
    if (normal->find('\0') != normal->npos) return "must not contain the NUL character";
    auto const length = count_code_points(*normal);
    if (length < 8 || length > 256) return length_rule;
    if (is_common_password(*normal)) return "must not be one of the most common passwords";
    return Password(*std::move(normal));
}

ValueSchema Password::schema() {
    return {.format = "password",
            .min_length = 8,
            .max_length = 256,
            .description =
                "Characters count in the normal form NFKC (UAX #15), in which passwords are compared. It must "
                "be neither one of the most common passwords nor the e-mail address of the account."};
}

Parsed<LoginPassword> LoginPassword::parse(std::string_view text) {
    if (text.empty()) return "must not be empty";
    if (text.size() > max_password_bytes)
        return "must be at most " + std::to_string(max_password_bytes) + " bytes long";
    return LoginPassword(std::string(text));
}

ValueSchema LoginPassword::schema() {
    return {.format = "password", .min_length = 1, .max_length = max_password_bytes};
}

}  // namespace clinikk
