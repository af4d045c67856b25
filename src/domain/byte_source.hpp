#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/async/task.hpp"
#include "base/byte_range.hpp"
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

/// Bytes in memory and on their way, and then pieces of an open file, in this order. Which way the pieces take is
/// decided when they are sent.
struct FilePieces {
    std::string head{};
    std::unique_ptr<ByteSource> lead{};  ///< may be null
    std::shared_ptr<FileDescriptor const> file{};
    std::vector<ByteRange> pieces{};
};

/// The bytes of an answer: in memory, in a file, on their way, or in several of these places.
using Body = std::variant<std::string, FileSlice, std::unique_ptr<ByteSource>, FilePieces>;

}  // namespace clinikk
