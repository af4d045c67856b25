#pragma once

#include <memory>
#include <optional>
#include <string>

#include "http/endpoint/binding.hpp"
#include "http/endpoint/multipart_reader.hpp"

namespace clinikk::http {

/// The file of a form, as it flows by.
class FilePart : public ByteSource {
public:
    explicit FilePart(MultipartReader& reader) : reader_(reader) {}

    /// The name the client gave it; untrusted. Empty when it gave none.
    std::string name{};

    Task<Result<std::string_view>> next() override { return reader_.read(); }

private:
    MultipartReader& reader_;
};

/// What every `FileForm` does, whatever its fields.
class FileFormReader {
public:
    FileFormReader(Request& request, std::string boundary);

    /// The text of a field that has been read already.
    std::optional<std::string_view> field(std::string_view name) const;

protected:
    /// Reads up to the part named `file`, keeping the fields before it; null when there is none.
    Task<Result<FilePart*>> find_file();
    /// Reads the fields behind the file.
    Task<Result<void>> finish();

    Input input_;

private:
    Task<Result<void>> keep_field(PartHeader part);

    MultipartReader reader_;
    FilePart file_;
};

/// A multipart/form-data body with one file, `file`, and fields before or behind it. The file is never kept in
/// memory: its bytes are pulled as they come.
template <class Fields>
class FileForm : public FileFormReader {
public:
    using FileFormReader::FileFormReader;

    /// Fails with `unsupported_media_type` or `malformed_multipart` when the body is of another type.
    static Result<std::unique_ptr<FileForm>> open(Request& request) {
        auto boundary = parse_boundary(request.head.find("Content-Type"));
        if (!boundary) return boundary.error();
        return std::make_unique<FileForm>(request, std::move(*boundary));
    }

    /// Reads up to the file. Without one `validation_failed` tells all that is wrong with the fields too. Call once.
    Task<Result<FilePart*>> file() {
        auto found = co_await find_file();
        if (!found || *found != nullptr) co_return found;
        auto const fields = bind<Fields>(input_);
        auto errors = fields ? std::vector<FieldError>{} : fields.error().errors;
        errors.push_back(field_error("file", "is required"));
        co_return validation_error(std::move(errors));
    }

    /// The fields, when the file has been read: reads the rest of the body, and says all that is wrong.
    Task<Result<Fields>> fields() {
        auto const finished = co_await finish();
        if (!finished) co_return finished.error();
        co_return bind<Fields>(input_);
    }
};

}  // namespace clinikk::http
