#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/async/task.hpp"
#include "base/file.hpp"
#include "base/result.hpp"

namespace clinikk {

/// Bytes that arrive over time: a request body, a part of a multipart message, an object in a remote store.
class ByteSource {
public:
    virtual ~ByteSource() = default;

    /// The next bytes, never more than the source's own bounded buffer; empty at the end. The view is valid until
    /// the next call. An expected failure (the client vanished, the body is malformed or too large) is an Error.
    virtual Task<Result<std::string_view>> next() = 0;
};

/// A piece of an open file, to be sent without passing through this process (sendfile).
struct FileSlice {
    std::shared_ptr<FileDescriptor const> file;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

/// The bytes of an answer: in memory, in a file, or on their way.
using Body = std::variant<std::string, FileSlice, std::unique_ptr<ByteSource>>;

}  // namespace clinikk
