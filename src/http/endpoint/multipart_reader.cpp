#include "http/endpoint/multipart_reader.hpp"

#include <algorithm>

#include "base/json_text.hpp"

namespace clinikk::http {
namespace {

/// How much of a new piece is first copied after the rest of the last one: mostly a delimiter is all there is to
/// decide. Each further copy doubles the amount.
constexpr std::size_t first_copy = 128;

Error too_large(std::string_view name, std::size_t limit) {
    constexpr std::size_t shown = 64;
    std::string detail = "The field \"";
    detail += name.substr(0, valid_utf8_prefix(name.substr(0, shown)));
    detail += "\" is larger than " + std::to_string(limit) + " bytes";
    return {ErrorCode::body_too_large, std::move(detail)};
}

}  // namespace

MultipartReader::MultipartReader(ByteSource& body, std::string boundary, std::size_t buffer_size)
    : body_(body), parser_(boundary), buffer_size_(std::max(buffer_size, MultipartParser::least_buffer)) {}

std::string_view MultipartReader::window() const noexcept {
    return joining_ ? std::string_view(joint_).substr(used_) : piece_;
}

void MultipartReader::drop(std::size_t bytes) noexcept {
    if (!joining_) {
        piece_.remove_prefix(bytes);
        return;
    }
    used_ += bytes;
    if (used_ < old_size_) return;
    // The old rest has been consumed, so continue in the piece itself. The joined bytes stay, because a view of them
    // may still be in use.
    piece_.remove_prefix(used_ - old_size_);
    joining_ = false;
}

/// Enlarges the window. Returns false when the body has ended.
Task<Result<bool>> MultipartReader::fetch() {
    if (joining_) {
        joint_.erase(0, used_);
        old_size_ -= used_;
    } else {
        joint_ = piece_;
        old_size_ = joint_.size();
        piece_ = {};
    }
    used_ = 0;
    if (joint_.size() - old_size_ == piece_.size()) {
        old_size_ = joint_.size();
        piece_ = {};
        joining_ = old_size_ > 0;
        auto const next = co_await body_.next();
        if (!next) co_return next.error();
        if (next->empty()) co_return false;
        piece_ = *next;
        if (!joining_) co_return true;
    }
    // The parser leaves less than its least buffer undecided, so there is room.
    auto const room = buffer_size_ - joint_.size();
    joint_ += piece_.substr(joint_.size() - old_size_, std::min(std::max(first_copy, joint_.size()), room));
    co_return true;
}

Task<Result<MultipartReader::Step>> MultipartReader::step() {
    while (true) {
        auto found = parser_.next(window());
        drop(found.consumed);
        if (found.kind == Step::Kind::refused) co_return Error(found.code, std::string(found.reason));
        if (found.kind != Step::Kind::need_more) co_return found;
        auto const more = co_await fetch();
        if (!more) co_return more.error();
        if (!*more) co_return parser_.finish().error();
    }
}

Task<Result<std::optional<PartHeader>>> MultipartReader::next_part() {
    while (!ended_) {
        auto found = co_await step();
        if (!found) co_return found.error();
        if (found->kind == Step::Kind::part_begin) {
            in_part_ = true;
            part_name_ = found->part.name;
            co_return std::move(found->part);
        }
        if (found->kind == Step::Kind::end) {
            in_part_ = false;
            if (!window().empty()) continue;
            auto const more = co_await fetch();
            if (!more) co_return more.error();
            ended_ = !*more;
        }
    }
    co_return std::optional<PartHeader>();
}

Task<Result<std::string_view>> MultipartReader::read() {
    if (!in_part_) co_return std::string_view();
    auto const found = co_await step();
    if (!found) co_return found.error();
    if (found->kind == Step::Kind::data) co_return found->data;
    in_part_ = false;
    co_return std::string_view();
}

Task<Result<std::string>> MultipartReader::read_text(std::size_t limit) {
    std::string text;
    while (true) {
        auto const piece = co_await read();
        if (!piece) co_return piece.error();
        if (piece->empty()) co_return text;
        if (piece->size() > limit - text.size()) co_return too_large(part_name_, limit);
        text += *piece;
    }
}

}  // namespace clinikk::http
