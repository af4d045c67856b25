#include "http/message/framing_fields.hpp"

#include "http/message/request_target.hpp"
#include "http/message/syntax.hpp"

namespace clinikk::http {
namespace {

FramingFields::Refusal bad(std::string_view reason) noexcept { return {ErrorCode::bad_request, reason}; }

}  // namespace

FramingFields::Refusal FramingFields::note(Field const& field) noexcept {
    // Lengths first: most fields are none of these, and one switch tells.
    switch (field.name.size()) {
        case 4:
            if (same_ignoring_case(field.name, "host")) return note_host(field.value);
            break;
        case 6:
            if (same_ignoring_case(field.name, "expect")) note_expect(field.value);
            if (same_ignoring_case(field.name, "origin")) return note_single(1, "There are several Origin fields.");
            break;
        case 10:
            if (same_ignoring_case(field.name, "connection")) note_connection(field.value);
            break;
        case 12:
            if (same_ignoring_case(field.name, "content-type")) {
                return note_single(2, "There are several Content-Type fields.");
            }
            break;
        case 13:
            if (same_ignoring_case(field.name, "authorization")) {
                return note_single(4, "There are several Authorization fields.");
            }
            break;
        case 14:
            if (same_ignoring_case(field.name, "content-length")) return note_length(field.value);
            break;
        case 17:
            if (same_ignoring_case(field.name, "transfer-encoding")) return note_coding(field.value);
            break;
        case 29:
            if (same_ignoring_case(field.name, "access-control-request-method")) {
                return note_single(8, "There are several Access-Control-Request-Method fields.");
            }
            break;
        default: break;
    }
    return {};
}

FramingFields::Refusal FramingFields::note_single(std::uint8_t bit, std::string_view reason) noexcept {
    if ((seen_once_ & bit) != 0) return bad(reason);
    seen_once_ |= bit;
    return {};
}

FramingFields::Refusal FramingFields::note_host(std::string_view value) noexcept {
    if (has_host_) return bad("There are several Host fields.");
    if (!is_authority(value)) return bad("The Host field is not valid.");
    has_host_ = true;
    host_ = value;
    return {};
}

FramingFields::Refusal FramingFields::note_length(std::string_view value) noexcept {
    if (has_length_) return bad("There are several Content-Length fields.");
    auto const length = parse_digits(value);
    if (!length) return bad("The Content-Length field is not one number.");
    has_length_ = true;
    length_ = *length;
    return {};
}

// RFC 9112 section 6.1; stricter than its list syntax, since recipients differ in how they read empty elements.
FramingFields::Refusal FramingFields::note_coding(std::string_view value) noexcept {
    has_coding_ = true;
    auto rest = value;
    bool more = true;
    while (more) {
        more = rest.find(',') != std::string_view::npos;
        auto const coding = take_list_element(rest);
        auto const name = trim_blanks(coding.substr(0, coding.find(';')));
        if (!is_token(name)) return bad("The Transfer-Encoding field is not a list of transfer codings.");
        if (chunked_) return bad("The chunked transfer coding is not the last one, or is given twice.");
        if (!same_ignoring_case(name, "chunked")) {
            other_coding_ = true;
        } else if (name.size() != coding.size()) {
            return bad("The chunked transfer coding has parameters.");
        } else {
            chunked_ = true;
        }
    }
    return {};
}

void FramingFields::note_connection(std::string_view value) noexcept {
    while (!value.empty()) {
        auto const option = take_list_element(value);
        close_ = close_ || same_ignoring_case(option, "close");
        keep_alive_ = keep_alive_ || same_ignoring_case(option, "keep-alive");
    }
}

void FramingFields::note_expect(std::string_view value) noexcept {
    while (!value.empty()) {
        auto const expectation = take_list_element(value);
        bool const known = same_ignoring_case(expectation, "100-continue");
        expects_continue_ = expects_continue_ || known;
        expects_other_ = expects_other_ || (!known && !expectation.empty());
    }
}

FramingFields::Refusal FramingFields::settle(RequestHead& head) const noexcept {
    bool const http_1_1 = head.version == Version::http_1_1;
    if (http_1_1 && !has_host_) return bad("The Host field is missing.");
    // The authority of an absolute-form target wins (RFC 9112 section 3.2.2).
    if (head.host.empty()) head.host = host_;
    if (auto const refusal = settle_framing(head)) return refusal;
    if (http_1_1 && expects_other_) return {ErrorCode::expectation_failed, "Only 100-continue can be expected."};
    bool const has_body = head.framing == BodyFraming::chunked || head.content_length > 0;
    head.expect_continue = http_1_1 && expects_continue_ && has_body;
    head.keep_alive = !close_ && (http_1_1 || keep_alive_);
    return {};
}

FramingFields::Refusal FramingFields::settle_framing(RequestHead& head) const noexcept {
    if (has_coding_) {
        if (has_length_) return bad("There are both Transfer-Encoding and Content-Length.");
        if (head.version == Version::http_1_0) return bad("HTTP/1.0 has no Transfer-Encoding.");
        if (other_coding_) return {ErrorCode::not_implemented, "Only the chunked transfer coding is understood."};
        head.framing = BodyFraming::chunked;
    } else if (has_length_) {
        head.framing = BodyFraming::length;
        head.content_length = length_;
    }
    return {};
}

}  // namespace clinikk::http
