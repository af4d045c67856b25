#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "domain/byte_source.hpp"

namespace clinikk::testing {

/// Bytes in memory, in pieces of one size; at their end nothing more, or a failure.
class MemorySource final : public ByteSource {
public:
    explicit MemorySource(std::string bytes, std::size_t piece = 64 * 1024)
        : bytes_(std::move(bytes)), rest_(bytes_), piece_(piece) {}

    void fail_at_end(Error error) { failure_ = std::move(error); }
    std::size_t left() const { return rest_.size(); }

    Task<Result<std::string_view>> next() override {
        if (rest_.empty() && failure_) co_return *failure_;
        // A copy that changes with each call: who keeps a view of an earlier piece is found out.
        current_.assign(rest_.substr(0, piece_));
        rest_.remove_prefix(current_.size());
        co_return std::string_view(current_);
    }

private:
    std::string bytes_;
    std::string_view rest_;
    std::string current_;
    std::size_t piece_;
    std::optional<Error> failure_;
};

}  // namespace clinikk::testing
