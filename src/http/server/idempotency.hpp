#pragma once

#include <optional>
#include <string>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "domain/idempotency.hpp"
#include "http/endpoint/request.hpp"
#include "http/endpoint/response.hpp"

/// What the pipeline needs for requests with an Idempotency-Key.
namespace clinikk::http {

/// Returns whether the request states a key that counts: for an account, on an operation that takes one.
bool states_idempotency_key(Request const& request);

/// Reads the key and the fingerprint of the request, and as much of the body as that needs; `held` gives the body again
/// and takes the place of `request.body`. Fails with `idempotency_key_malformed`, or as the body does.
///
/// The fingerprint is that of method, path with query, and body. Of a body without a file all bytes count, but for the
/// boundary of a form, which differs each time. Of an upload the length counts, and Repr-Digest or Content-Digest where
/// the client states one; else the fields before the file and its name.
Task<Result<IdempotentRequest>> identify_request(Request& request, std::unique_ptr<RequestBody>& held);

/// Returns whether an answer is final. Where it is not, the same request may run again under its key.
bool is_final(Response const& response, std::optional<ErrorCode> error);

/// The answer as it is kept, and again as it is given.
KeptAnswer keep(Response const& response);
Response give_again(KeptAnswer answer);

}  // namespace clinikk::http
