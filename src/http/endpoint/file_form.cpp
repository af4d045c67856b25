#include "http/endpoint/file_form.hpp"

namespace clinikk::http {
namespace {

constexpr std::size_t buffer_size = 256 * 1024;
constexpr std::size_t field_limit = 64 * 1024;
constexpr std::string_view file_field = "file";

}  // namespace

FileFormReader::FileFormReader(Request& request, std::string boundary)
    : reader_(request.body, std::move(boundary), buffer_size), file_(reader_) {}

std::optional<std::string_view> FileFormReader::field(std::string_view name) const {
    for (auto const& field : input_.body) {
        if (field.name == name) return field.value.text;
    }
    return std::nullopt;
}

Task<Result<FilePart*>> FileFormReader::find_file() {
    while (true) {
        auto part = co_await reader_.next_part();
        if (!part) co_return part.error();
        if (!*part) co_return nullptr;
        if ((*part)->name == file_field) {
            file_.name = (*part)->file_name.value_or("");
            co_return &file_;
        }
        auto const kept = co_await keep_field(std::move(**part));
        if (!kept) co_return kept.error();
    }
}

Task<Result<void>> FileFormReader::finish() {
    while (true) {
        auto part = co_await reader_.next_part();
        if (!part) co_return part.error();
        if (!*part) co_return Result<void>{};
        if ((*part)->name == file_field) {
            std::vector<FieldError> errors{field_error(file_field, "is given more than once")};
            co_return validation_error(std::move(errors));
        }
        auto const kept = co_await keep_field(std::move(**part));
        if (!kept) co_return kept.error();
    }
}

Task<Result<void>> FileFormReader::keep_field(PartHeader part) {
    auto text = co_await reader_.read_text(field_limit);
    if (!text) co_return text.error();
    input_.body.push_back(text_field(std::move(part.name), std::move(*text)));
    co_return Result<void>{};
}

}  // namespace clinikk::http
