#pragma once

#include "base/result.hpp"
#include "http/endpoint/request.hpp"
#include "http/endpoint/response.hpp"

namespace clinikk::http {

/// Whether the client would rather have an answer in gzip (see `AcceptedCodings`).
bool accepts_gzip(RequestHead const& head) noexcept;

/// Refuses a body in a content coding, with `unsupported_content_coding`: what came would be decoded before any limit
/// could be applied to it, and clients that compress small JSON or media that is compressed already gain nothing.
Result<void> check_content_coding(RequestHead const& head);

/// Codes the body of an answer with gzip where that is worthwhile and the client takes it (RFC 9110 section 12.5.3),
/// and says so in `Vary`. Media and what is coded already stay as they are, and so does everything under `/auth`:
/// secrets and compression do not mix (BREACH).
void compress(Request const& request, Response& response);

}  // namespace clinikk::http
