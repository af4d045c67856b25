#pragma once

#include "base/result.hpp"
#include "http/endpoint/request.hpp"
#include "http/endpoint/response.hpp"

namespace clinikk::http {

/// Returns whether the client prefers an answer in gzip (see `AcceptedCodings`).
bool accepts_gzip(RequestHead const& head) noexcept;

/// Refuses a body with a content coding (`unsupported_content_coding`): it would be decoded before any limit could
/// apply, and clients gain nothing by compressing small JSON or compressed media.
Result<void> check_content_coding(RequestHead const& head);

/// Compresses the body of an answer with gzip if that saves bytes and the client accepts it (RFC 9110 section 12.5.3),
/// and adds `Vary`. Media and encoded bodies are left alone, and so is everything under `/auth`, because compression
/// can reveal secrets (BREACH).
void compress(Request const& request, Response& response);

}  // namespace clinikk::http
