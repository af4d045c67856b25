#pragma once

#include "http/request.hpp"
#include "http/response.hpp"

namespace clinikk::http {

/// Codes the body of an answer with gzip where that is worthwhile and the client takes it (RFC 9110 section 12.5.3),
/// and says so in `Vary`. Media and what is coded already stay as they are, and so does everything under `/auth`:
/// secrets and compression do not mix (BREACH).
void compress(Request const& request, Response& response);

}  // namespace clinikk::http
