#include "security/flat_json.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>

namespace clinikk {
namespace {

namespace json = boost::json;

/// What Boost.JSON's parser calls: its own DOM would let the last of two equal names win.
class Handler {
public:
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    using Failure = boost::system::error_code;

    std::vector<std::pair<std::string, FlatObject::Value>> members;
    bool is_object = false;

    bool on_document_begin(Failure&) { return true; }
    bool on_document_end(Failure&) { return true; }
    bool on_object_begin(Failure&) {
        if (depth_ == 0) is_object = true;
        return enter();
    }
    bool on_object_end(std::size_t, Failure&) { return leave(); }
    bool on_array_begin(Failure&) { return enter(); }
    bool on_array_end(std::size_t, Failure&) { return leave(); }

    bool on_key_part(json::string_view part, std::size_t, Failure&) { return collect(part); }
    bool on_key(json::string_view part, std::size_t, Failure&) {
        collect(part);
        if (depth_ == 1) name_ = std::move(text_);
        text_.clear();
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, Failure&) { return collect(part); }
    bool on_string(json::string_view part, std::size_t, Failure&) {
        collect(part);
        add(std::move(text_));
        text_.clear();
        return true;
    }
    bool on_number_part(json::string_view, Failure&) { return true; }
    bool on_int64(std::int64_t number, json::string_view, Failure&) { return add(number); }
    bool on_uint64(std::uint64_t, json::string_view, Failure&) { return add(FlatObject::Other()); }
    bool on_double(double, json::string_view, Failure&) { return add(FlatObject::Other()); }
    bool on_bool(bool, Failure&) { return add(FlatObject::Other()); }
    bool on_null(Failure&) { return add(FlatObject::Other()); }
    bool on_comment_part(json::string_view, Failure&) { return true; }
    bool on_comment(json::string_view, Failure&) { return true; }

private:
    bool enter() {
        add(FlatObject::Other());
        ++depth_;
        return true;
    }
    bool leave() {
        --depth_;
        return true;
    }
    bool collect(json::string_view part) {
        text_.append(part.data(), part.size());
        return true;
    }
    bool add(FlatObject::Value value) {
        if (depth_ == 1) members.emplace_back(std::move(name_), std::move(value));
        return true;
    }

    int depth_ = 0;
    std::string name_;
    std::string text_;
};

}  // namespace

std::optional<FlatObject> FlatObject::parse(std::string_view text) {
    json::parse_options options;
    options.max_depth = 8;
    json::basic_parser<Handler> parser(options);
    boost::system::error_code failure;
    auto const taken = parser.write_some(false, text.data(), text.size(), failure);
    auto& handler = parser.handler();
    if (failure || taken != text.size() || !handler.is_object) return std::nullopt;
    auto& members = handler.members;
    for (auto at = members.begin(); at != members.end(); ++at) {
        auto const same = [&](auto const& earlier) { return earlier.first == at->first; };
        if (std::any_of(members.begin(), at, same)) return std::nullopt;
    }
    return FlatObject(std::move(members));
}

FlatObject::Value const* FlatObject::find(std::string_view name) const noexcept {
    auto const found = std::ranges::find(members_, name, &Members::value_type::first);
    return found == members_.end() ? nullptr : &found->second;
}

std::string const* FlatObject::text(std::string_view name) const noexcept {
    return std::get_if<std::string>(find(name));
}

std::int64_t const* FlatObject::integer(std::string_view name) const noexcept {
    return std::get_if<std::int64_t>(find(name));
}

}  // namespace clinikk
