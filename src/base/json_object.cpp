#include "base/json_object.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>

namespace clinikk {
namespace {

namespace json = boost::json;
using Kind = JsonMember::Kind;

/// Collects the members of the outermost object. Boost.JSON's own tree keeps the last of several members with one
/// name; reading events instead, a duplicate can be refused.
class MemberCollector {
public:
    static constexpr std::size_t max_object_size = 1000;
    static constexpr std::size_t max_array_size = 100'000;
    static constexpr std::size_t max_key_size = 1024;
    static constexpr std::size_t max_string_size = 0x7FFFFFFE;

    std::vector<JsonMember> members{};
    bool is_object = false;

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) {
        if (depth_ == 0) is_object = true;
        return enter(false);
    }
    bool on_object_end(std::size_t, json::error_code&) { return leave(); }
    bool on_array_begin(json::error_code&) { return enter(true); }
    bool on_array_end(std::size_t, json::error_code&) { return leave(); }

    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        if (fields() != nullptr) key_.append(part.data(), part.size());
        return true;
    }
    bool on_key(json::string_view part, std::size_t, json::error_code&) {
        auto* const there = fields();
        if (there == nullptr) return true;
        key_.append(part.data(), part.size());
        if (depth_ == item_depth && there->size() == max_item_members) {
            make_structure();
        } else {
            there->push_back({std::move(key_), Kind::null, {}, {}});
        }
        key_.clear();
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
        if (auto* const there = fields()) there->back().text.append(part.data(), part.size());
        return true;
    }
    bool on_string(json::string_view part, std::size_t, json::error_code&) {
        auto* const there = fields();
        if (there == nullptr) return scalar(Kind::text, {});
        there->back().kind = Kind::text;
        there->back().text.append(part.data(), part.size());
        return true;
    }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t value, json::string_view, json::error_code&) {
        return scalar(Kind::integer, std::to_string(value));
    }
    bool on_uint64(std::uint64_t value, json::string_view, json::error_code&) {
        return scalar(Kind::integer, std::to_string(value));
    }
    bool on_double(double value, json::string_view, json::error_code&) {
        // JSON Schema counts 1.0 as an integer.
        bool const whole = value >= -9e15 && value <= 9e15 && value == static_cast<double>(static_cast<long>(value));
        return whole ? scalar(Kind::integer, std::to_string(static_cast<long>(value))) : scalar(Kind::number, {});
    }
    bool on_bool(bool value, json::error_code&) { return scalar(Kind::boolean, value ? "true" : "false"); }
    bool on_null(json::error_code&) { return scalar(Kind::null, {}); }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

private:
    /// The outermost object, the array that is one of its members, an object in that.
    static constexpr int member_depth = 1, list_depth = 2, item_depth = 3;
    static constexpr std::size_t max_item_members = 16;

    bool in_list() const noexcept { return !members.empty() && members.back().kind == Kind::list; }
    /// Where the members go that come now; null when they are not kept.
    std::vector<JsonMember>* fields() noexcept {
        if (!is_object) return nullptr;
        if (depth_ == member_depth) return &members;
        if (depth_ == item_depth && in_list()) return &members.back().items.back();
        return nullptr;
    }
    /// What was taken for a list of objects is something else.
    void make_structure() {
        members.back().kind = Kind::structure;
        members.back().items.clear();
    }
    bool enter(bool is_array) {
        if (auto* const there = fields()) {
            there->back().kind = is_array && depth_ == member_depth ? Kind::list : Kind::structure;
        } else if (depth_ == list_depth && in_list()) {
            if (is_array) make_structure();
            if (!is_array) members.back().items.emplace_back();
        }
        ++depth_;
        return true;
    }
    bool leave() {
        --depth_;
        return true;
    }
    bool scalar(Kind kind, std::string text) {
        if (auto* const there = fields()) {
            there->back().kind = kind;
            there->back().text = std::move(text);
        } else if (depth_ == list_depth && in_list()) {
            make_structure();
        }
        return true;
    }

    int depth_ = 0;
    std::string key_;
};

}  // namespace

boost::system::result<std::vector<JsonMember>, std::string> read_json_object(std::string_view text,
                                                                             std::size_t max_depth) {
    json::parse_options options;
    options.max_depth = max_depth;
    json::basic_parser<MemberCollector> parser{options};
    json::error_code failure;
    auto const used = parser.write_some(false, text.data(), text.size(), failure);
    if (failure) return "is not valid JSON: " + failure.message() + " at byte " + std::to_string(used);
    if (used != text.size()) return "has more than one JSON value, from byte " + std::to_string(used);
    if (!parser.handler().is_object) return std::string("must be a JSON object");
    return std::move(parser.handler().members);
}

std::optional<std::string_view> find_duplicate(std::vector<JsonMember> const& members) noexcept {
    for (auto at = members.begin(); at != members.end(); ++at) {
        auto const same = [&](auto const& earlier) { return earlier.name == at->name; };
        if (std::any_of(members.begin(), at, same)) return at->name;
    }
    return std::nullopt;
}

}  // namespace clinikk
