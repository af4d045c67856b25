#include "media/box_walker.hpp"

#include <algorithm>

#include "media/big_endian.hpp"

namespace clinikk::media {
namespace {

// Nothing that a client can send is longer; larger sizes would overflow offsets.
constexpr std::uint64_t max_offset = std::uint64_t{1} << 62;

// Types are four characters of ASCII, or of Mac Roman with a leading copyright sign.
bool is_type_of_box(std::uint32_t type) noexcept {
    for (int shift = 24; shift >= 0; shift -= 8) {
        auto const c = type >> shift & 0xff;
        if ((c < 0x20 || c > 0x7e) && c != 0xa9) return false;
    }
    return true;
}

// A box that runs past the end of the file is a part of the movie that is missing, or appended bytes that look like a
// box.
bool is_box_of_movie(std::uint32_t type) noexcept {
    switch (type) {
        case four_cc("mdat"):
        case four_cc("moof"):
        case four_cc("styp"):  // these stand in front of a fragment
        case four_cc("sidx"):
        case four_cc("ssix"):
        case four_cc("prft"):
        case four_cc("emsg"):
        case four_cc("mfra"):
        case four_cc("moov"):
        case four_cc("meta"):
        case four_cc("uuid"):
        case four_cc("free"):
        case four_cc("skip"): return true;
        default: return false;
    }
}

}  // namespace

void BoxWalker::feed(std::string_view bytes, OnBox const& on_box) {
    while (!bytes.empty()) {
        if (malformed_ || to_end_) {
            position_ += bytes.size();
            return;
        }
        if (payload_left_ > 0) {
            bytes = take_payload(bytes);
            continue;
        }
        auto const count = std::min(bytes.size(), header_needed_ - header_filled_);
        std::copy_n(bytes.begin(), count, header_.begin() + static_cast<std::ptrdiff_t>(header_filled_));
        header_filled_ += count;
        position_ += count;
        bytes.remove_prefix(count);
        if (header_filled_ == header_needed_) take_header(on_box);
    }
}

std::string_view BoxWalker::take_payload(std::string_view bytes) {
    auto const count = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), payload_left_));
    if (in_fragment_) gathering_.append(bytes.substr(0, count));
    payload_left_ -= count;
    position_ += count;
    if (payload_left_ == 0 && in_fragment_) {
        std::swap(fragment_, gathering_);
        in_fragment_ = false;
    }
    return bytes.substr(count);
}

void BoxWalker::take_header(OnBox const& on_box) {
    std::string_view const header(header_.data(), header_filled_);
    std::uint64_t size = load_u32(header);
    if (size == 1 && header_filled_ == 8) {
        header_needed_ = 16;
        return;
    }
    if (header_filled_ == 16) size = load_u64(header.substr(8));
    auto const header_size = header_filled_;
    header_filled_ = 0;
    header_needed_ = 8;

    offset_ = position_ - header_size;
    if (size != 0 && size < header_size) {
        malformed_ = true;
        return;
    }
    Box box;
    box.type = load_u32(header.substr(4));
    box.offset = offset_;
    box.size = std::min(size, max_offset);
    box.to_end = size == 0;
    box.header_size = static_cast<std::uint8_t>(header_size);
    std::ranges::copy(header, box.header.begin());
    record(box);
    if (on_box) on_box(box);
    to_end_ = box.to_end;
    payload_left_ = to_end_ ? 0 : box.size - header_size;
    if (box.type == four_cc("moof")) begin_fragment(box);
}

void BoxWalker::begin_fragment(Box const& box) {
    // Everything before this box has been read whole.
    times_.add(fragment_);
    fragment_.clear();
    gathering_.clear();
    fragment_offset_ = box.offset;
    in_fragment_ = !to_end_ && payload_left_ > 0 && payload_left_ <= max_fragment;
}

void BoxWalker::record(Box const& box) {
    if (boxes_.size() < max_boxes) boxes_.push_back(box);
    if (box.type == four_cc("moov") && !movie_) movie_ = box;
    if (box.type == four_cc("moof")) has_fragments_ = true;
    if (box.type == four_cc("mdat")) media_ = true;
    if (box.type == four_cc("ftyp")) has_brand_ = true;
    if (box.type == four_cc("meta")) has_items_ = true;
    stray_ = !is_type_of_box(box.type);
    type_ = box.type;
}

BoxVerdict BoxWalker::finish(std::uint64_t total_size) const noexcept {
    bool const has_index = movie_ && (movie_->to_end || movie_->offset + movie_->size <= total_size);
    if (has_index && (media_ || has_fragments_)) {
        if (malformed_ || stray_) return BoxVerdict::complete;
        bool const cut_header = has_fragments_ && header_filled_ > 0 && header_[header_filled_ - 1] != '\0';
        bool const cut_media = payload_left_ > 0 && is_box_of_movie(type_);
        return cut_header || cut_media ? BoxVerdict::truncated : BoxVerdict::complete;
    }
    if (malformed_) return BoxVerdict::malformed;
    if (payload_left_ > 0) return BoxVerdict::without_index;
    if (has_index) return BoxVerdict::complete;
    if (has_fragments_) return BoxVerdict::segment;
    if (has_items_) return BoxVerdict::no_movie;
    return has_brand_ || media_ || header_filled_ > 0 ? BoxVerdict::without_index : BoxVerdict::no_movie;
}

std::uint64_t BoxWalker::end(std::uint64_t total_size) const noexcept {
    bool const is_behind = malformed_ || stray_ || (payload_left_ > 0 && !is_box_of_movie(type_));
    if (is_behind) return offset_;
    return payload_left_ == 0 && header_filled_ > 0 ? position_ - header_filled_ : total_size;
}

}  // namespace clinikk::media
