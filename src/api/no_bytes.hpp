#pragma once

#include <string_view>

#include "domain/byte_source.hpp"

namespace clinikk::api {

/// Takes the place of the body in the answer to a HEAD. It is never sent.
class NoBytes : public ByteSource {
public:
    Task<Result<std::string_view>> next() override { co_return std::string_view{}; }
};

}  // namespace clinikk::api
