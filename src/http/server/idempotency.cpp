#include "http/server/idempotency.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include "http/endpoint/endpoint.hpp"
#include "http/endpoint/multipart_reader.hpp"
#include "http/message/idempotency_key.hpp"
#include "http/message/multipart.hpp"

namespace clinikk::http {
namespace {

constexpr std::size_t part_buffer = 64UL * 1024;
constexpr std::size_t field_limit = 64UL * 1024;
constexpr std::size_t longest_beginning = 192UL * 1024;  ///< of an upload, up to its file

/// A body of which the beginning has been read: gives that again, and then the rest.
class HeldBody final : public RequestBody {
public:
    /// Of the beginning about `longest` bytes are held in memory.
    HeldBody(RequestBody& rest, std::size_t longest) : rest_(rest), longest_(longest) {}

    void limit(std::uint64_t bytes, ErrorCode code) override { rest_.limit(bytes, code); }
    void interrupt() override {
        is_interrupted_ = true;
        rest_.interrupt();
    }
    std::string_view trailer(std::string_view name) const override { return rest_.trailer(name); }

    Task<Result<std::string_view>> next() override {
        if (is_recording_) {
            if (held_.size() > longest_) co_return Error(ErrorCode::body_too_large);
            auto piece = co_await rest_.next();
            if (piece) held_ += *piece;
            co_return piece;
        }
        if (!is_given_ && !held_.empty()) {
            if (is_interrupted_) co_return Error(ErrorCode::upload_interrupted);
            is_given_ = true;
            co_return std::string_view(held_);
        }
        std::string().swap(held_);
        co_return co_await rest_.next();
    }

    /// From now on the bytes come again.
    void rewind() { is_recording_ = false; }
    std::string const& held() const { return held_; }

private:
    RequestBody& rest_;
    std::size_t longest_;
    std::string held_;
    bool is_recording_ = true;
    bool is_given_ = false;
    bool is_interrupted_ = false;
};

/// Adds a text to a digest so that no two lists of texts are alike.
void add(Sha256& digest, std::string_view text) {
    digest.update(std::to_string(text.size()) + ':');
    digest.update(text);
}

Task<Result<void>> read_to_end(HeldBody& body) {
    while (true) {
        auto const piece = co_await body.next();
        if (!piece) co_return piece.error();
        if (piece->empty()) co_return Result<void>{};
    }
}

/// The body without the boundary of a form.
void add_body(Sha256& digest, std::string_view body, std::string_view content_type) {
    auto const boundary = parse_boundary(content_type);
    if (!boundary || boundary->empty()) return add(digest, body);
    for (auto at = body.find(*boundary); at != body.npos; at = body.find(*boundary)) {
        add(digest, body.substr(0, at));
        body.remove_prefix(at + boundary->size());
    }
    add(digest, body);
}

/// The fields of a form up to its file, and the name of that.
Task<Result<void>> add_fields_before_file(Sha256& digest, HeldBody& body, std::string_view content_type) {
    auto boundary = parse_boundary(content_type);
    if (!boundary) co_return boundary.error();
    MultipartReader reader(body, std::move(*boundary), part_buffer);
    while (true) {
        auto const part = co_await reader.next_part();
        if (!part) co_return part.error();
        if (!*part) co_return Result<void>{};
        add(digest, (*part)->name);
        add(digest, (*part)->file_name.value_or(""));
        if ((*part)->name == "file") co_return Result<void>{};
        auto const text = co_await reader.read_text(field_limit);
        if (!text) co_return text.error();
        add(digest, *text);
    }
}

Task<Result<void>> add_upload(Sha256& digest, Request const& request, HeldBody& body) {
    auto const& head = request.head;
    add(digest, head.framing == BodyFraming::length ? std::to_string(head.content_length) : "chunked");
    add(digest, head.find("Content-Disposition"));
    bool is_digested = false;
    for (std::string_view const name : {"Repr-Digest", "Content-Digest"}) {
        auto const stated = head.find(name);
        add(digest, stated);
        is_digested = is_digested || !stated.empty();
    }
    bool const is_form = request.endpoint->schema.file_part;
    if (is_digested || !is_form) co_return Result<void>{};
    co_return co_await add_fields_before_file(digest, body, head.find("Content-Type"));
}

}  // namespace

bool states_idempotency_key(Request const& request) {
    return request.caller && takes_idempotency_key(request.endpoint->operation) &&
           request.head.find("Idempotency-Key").data() != nullptr;
}

Task<Result<IdempotentRequest>> identify_request(Request& request, std::unique_ptr<RequestBody>& held) {
    auto const& head = request.head;
    auto const key = parse_idempotency_key(head.find_only("Idempotency-Key"));
    if (!key) co_return Error(ErrorCode::idempotency_key_malformed);
    // Bodies without a file are as long as their operation allows.
    auto const& schema = request.endpoint->schema;
    bool const has_file = schema.file_part || !schema.raw_body.empty();
    auto const longest = has_file ? longest_beginning : std::numeric_limits<std::size_t>::max();
    auto recording = std::make_unique<HeldBody>(request.body, longest);
    Sha256 digest;
    auto const content_type = head.find("Content-Type");
    auto const media_type = content_type.substr(0, content_type.find(';'));
    for (auto const text : {head.method_name, head.path, head.query, media_type}) add(digest, text);
    if (has_file) {
        auto const added = co_await add_upload(digest, request, *recording);
        if (!added) co_return added.error();
    } else if (!request.endpoint->operation.body.empty()) {
        auto const read = co_await read_to_end(*recording);
        if (!read) co_return read.error();
        add_body(digest, recording->held(), content_type);
    }
    recording->rewind();
    held = std::move(recording);
    co_return IdempotentRequest{request.caller->user.id, Sha256::of(*key), digest.finish(), request.id};
}

bool is_final(Response const& response, std::optional<ErrorCode> error) {
    // The connection broke in the middle of the body, or something will be possible that is not possible now.
    constexpr std::array passing_statuses{400, 401, 408, 413, 429};
    constexpr std::array passing_errors{ErrorCode::upload_interrupted, ErrorCode::upload_busy};
    if (response.status >= 500 || std::ranges::find(passing_statuses, response.status) != passing_statuses.end())
        return false;
    return !error || std::ranges::find(passing_errors, *error) == passing_errors.end();
}

KeptAnswer keep(Response const& response) {
    auto const* const body = std::get_if<std::string>(&response.body);
    return {response.status, std::string(response.headers.text()), body != nullptr ? *body : std::string()};
}

Response give_again(KeptAnswer answer) {
    Response response;
    response.status = static_cast<int>(answer.status);
    std::string_view fields = answer.fields;
    while (!fields.empty()) {
        auto const line = fields.substr(0, fields.find("\r\n"));
        auto const colon = line.find(": ");
        response.headers.add(line.substr(0, colon), line.substr(colon + 2));
        fields.remove_prefix(line.size() + 2);
    }
    response.headers.add("Idempotency-Replayed", "true");
    response.body = std::move(answer.body);
    return response;
}

}  // namespace clinikk::http
