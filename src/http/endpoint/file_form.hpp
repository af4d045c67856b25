#pragma once

#include <memory>
#include <optional>
#include <string>

#include "http/endpoint/binding.hpp"
#include "http/endpoint/multipart_reader.hpp"

namespace clinikk::http {

/// The file of a form. Its bytes are pulled as they arrive.
class FilePart : public ByteSource {
public:
    explicit FilePart(MultipartReader& reader) : reader_(reader) {}

    /// The file name that the client sent; untrusted. Empty when it sent none.
    std::string name{};

    Task<Result<std::string_view>> next() override { return reader_.read(); }

private:
    MultipartReader& reader_;
};

/// The part of `FileForm` that does not depend on its fields.
class FileFormReader {
public:
    FileFormReader(Request& request, std::string boundary);

    /// The text of a field that has already been read.
    std::optional<std::string_view> field(std::string_view name) const;

protected:
    /// Reads up to the part named `file`, and keeps the fields before it. Null when there is no such part.
    Task<Result<FilePart*>> find_file();
    /// Reads the fields after the file.
    Task<Result<void>> finish();

    Input input_;

private:
    Task<Result<void>> keep_field(PartHeader part);

    MultipartReader reader_;
    FilePart file_;
};

/// A multipart/form-data body with one file, `file`, and fields before or after it. The file is never held in memory.
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

    /// Reads up to the file. Without a file it fails with `validation_failed`, which also lists the faults of the
    /// fields. Call it once.
    Task<Result<FilePart*>> file() {
        auto found = co_await find_file();
        if (!found || *found != nullptr) co_return found;
        auto const fields = bind<Fields>(input_);
        auto errors = fields ? std::vector<FieldError>{} : fields.error().errors;
        errors.push_back(field_error("file", "is required"));
        co_return validation_error(std::move(errors));
    }

    /// Reads the rest of the body and returns the fields, or everything that is wrong with them. Call it when the file
    /// has been read.
    Task<Result<Fields>> fields() {
        auto const finished = co_await finish();
        if (!finished) co_return finished.error();
        co_return bind<Fields>(input_);
    }
};

}  // namespace clinikk::http
