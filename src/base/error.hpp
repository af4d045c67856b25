#pragma once

#include <boost/assert/source_location.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/quota.hpp"

namespace clinikk {

/// Every failure that a client can be told about. The name of the enumerator is the stable `code` member of the problem
/// document and the last segment of its `type`. The rows of each group are in `base/errors/<group>.hpp`, in the same
/// order.
enum class ErrorCode : std::uint8_t {
    // http
    bad_request,
    malformed_json,
    malformed_multipart,
    not_found,
    method_not_allowed,
    request_timeout,
    length_required,
    precondition_failed,
    body_too_large,
    uri_too_long,
    unsupported_media_type,
    unsupported_content_coding,
    range_not_satisfiable,
    expectation_failed,
    validation_failed,
    headers_too_large,
    not_implemented,
    version_not_supported,
    // account
    not_authenticated,
    credentials_invalid,
    forbidden,
    email_taken,
    rate_limited,
    refresh_token_invalid,
    refresh_token_reused,
    session_not_found,
    password_wrong,
    fresh_sign_in_required,
    email_unverified,
    one_time_token_invalid,
    mail_unavailable,
    account_disabled,
    totp_required,
    totp_wrong,
    totp_not_found,
    totp_active,
    sign_in_not_offered,
    sign_in_expired,
    sign_in_denied,
    sign_in_code_invalid,
    identity_email_unverified,
    identity_unknown,
    identity_provider_failed,
    // access
    insufficient_scope,
    api_key_not_found,
    too_many_api_keys,
    user_not_found,
    last_admin,
    registration_closed,
    invite_invalid,
    invite_not_found,
    too_many_invites,
    account_has_contents,
    // content
    content_not_found,
    playback_session_ended,
    source_unavailable,
    packaging_unavailable,
    // upload
    upload_not_found,
    upload_interrupted,
    upload_busy,
    direct_upload_unavailable,
    upload_too_large,
    quota_exceeded,
    parts_mismatch,
    digest_mismatch,
    too_many_uploads,
    // resumable upload
    upload_locked,
    upload_lost,
    upload_expired,
    upload_cancelled,
    upload_offset_mismatch,
    upload_length_mismatch,
    upload_length_exceeded,
    upload_is_final,
    upload_checksum_unsupported,
    upload_checksum_mismatch,
    upload_metadata_malformed,
    upload_concat_invalid,
    tus_version_unsupported,
    // media
    media_unrecognised,
    media_kind_mismatch,
    media_truncated,
    media_unsupported,
    media_probe_timeout,
    // service
    internal,
    unavailable,
    insufficient_storage,
    // idempotency
    idempotency_key_malformed,
    idempotency_key_in_use,
    idempotency_key_reused,
    idempotency_answer_lost,
    too_many_idempotency_keys,
};

/// One row of the error catalogue: what the problem documents, the `/problems/{code}` pages and the OpenAPI
/// document say about an `ErrorCode`.
struct ErrorKind {
    ErrorCode code;
    std::string_view name;      ///< stable machine-readable name
    std::uint16_t status;       ///< HTTP status code (RFC 9110 section 15)
    std::string_view title;     ///< short summary, the same for every occurrence (RFC 9457 section 3.1.3)
    std::string_view sentence;  ///< what the error means and what the client can do about it
};

/// The catalogue row of a code. Every code has one.
ErrorKind const& describe(ErrorCode code) noexcept;

/// The row with that name, or null.
ErrorKind const* find_error_kind(std::string_view name) noexcept;

/// What is wrong with one member of the input.
struct FieldError {
    std::string detail;
    std::string pointer;  ///< JSON Pointer in URI fragment form, `#/email` (RFC 6901 section 6)
};

/// An expected failure, as a value. `detail` is shown to the client: it never carries internals.
struct Error {
    ErrorCode code;
    std::string detail;
    std::vector<FieldError> errors{};
    std::optional<std::chrono::seconds> retry_after{};  ///< of 429 and 503: when to try again
    /// Header fields that the answer needs because of this error, such as `Allow` or `Content-Range`.
    std::vector<std::pair<std::string_view, std::string>> fields{};
    std::optional<Quota> quota{};  ///< of the limit on what failed, such as wrong passwords
    /// The `type` of the problem document where another specification than ours defines it; empty: ours, by the code.
    std::string_view problem_type{};
    /// Members of the problem document that this `type` defines, with numbers as their values.
    std::vector<std::pair<std::string_view, std::int64_t>> members{};

    /// Boost.System requires a default constructor for `Result::error()`.
    Error() : Error(ErrorCode::internal) {}
    /// Uses the title in the catalogue as the detail.
    explicit Error(ErrorCode code_in) : code(code_in), detail(describe(code_in).title) {}
    Error(ErrorCode code_in, std::string detail_in) : code(code_in), detail(std::move(detail_in)) {}
    Error(ErrorCode code_in, std::string detail_in, std::vector<FieldError> errors_in)
        : code(code_in), detail(std::move(detail_in)), errors(std::move(errors_in)) {}

    /// The same error, with a header field. `name` must outlive the error: a literal.
    Error with(std::string_view name, std::string value) const {
        Error error = *this;
        error.fields.emplace_back(name, std::move(value));
        return error;
    }

    /// An error that will pass: the client is told to try again after that time.
    static Error passing(ErrorCode code, std::chrono::seconds retry_after) {
        Error error(code);
        error.retry_after = retry_after;
        return error;
    }
};

/// Breakage that is expected to pass: the database or the store does not answer. The client gets a 503; the message
/// goes to the log only.
class Unavailable : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The disk is full, or a quota is used up.
class OutOfSpace : public Unavailable {
public:
    using Unavailable::Unavailable;
};

/// Thrown by `Result::value()` when the result holds an `Error`. That is a defect of this program.
class UnexpectedError : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

[[noreturn]] void throw_exception_from_error(Error const& error, boost::source_location const& where);

}  // namespace clinikk
