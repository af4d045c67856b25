// A multipart body: the same parts, bytes and end, however the input is cut; and never more left undecided than the
// caller's buffer holds.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/message/multipart.hpp"

using clinikk::http::MultipartParser;
using Kind = MultipartParser::Step::Kind;

namespace {

constexpr std::string_view boundary = "B0";

void require(bool holds) {
    if (!holds) std::abort();
}

class Reader {
public:
    /// False when the body was refused.
    bool feed(std::string_view more) {
        buffer_ += more;
        std::string_view input = buffer_;
        while (true) {
            auto const step = parser_.next(input);
            require(step.consumed <= input.size());
            if (step.kind == Kind::data) {
                require(step.data.data() == input.data() && step.data.size() == step.consumed && step.consumed > 0);
                part_data_ += step.data;
            }
            input.remove_prefix(step.consumed);
            note(step);
            if (step.kind == Kind::refused) return false;
            if (step.kind == Kind::need_more || (step.kind == Kind::end && input.empty())) break;
        }
        require(input.size() < MultipartParser::least_buffer);
        buffer_ = std::string(input);
        return true;
    }

    std::string transcript() { return text_ + (parser_.finish() ? "whole" : "broken"); }

private:
    void note(MultipartParser::Step const& step) {
        if (step.kind == Kind::part_begin) {
            text_ += "\nBEGIN " + step.part.name + "\n" + step.part.file_name.value_or("-") + "\n" +
                     step.part.content_type.value_or("-") + "\n";
            part_data_ = "\r\n";  // the empty line's: a delimiter may begin with it
        }
        if (step.kind == Kind::data) text_ += step.data;
        if (step.kind == Kind::part_end) {
            text_ += "\nPART END";
            require(part_data_.find(delimiter_) == std::string::npos);
        }
        if (step.kind == Kind::end && !ended_) text_ += "\nEND ";
        ended_ = ended_ || step.kind == Kind::end;
        if (step.kind == Kind::refused) text_ += "\nREFUSED " + std::string(step.reason);
    }

    MultipartParser parser_{boundary};
    std::string const delimiter_ = "\r\n--" + std::string(boundary);
    std::string buffer_{};
    std::string text_{};
    std::string part_data_{};
    bool ended_ = false;
};

std::string read(std::string_view input, std::size_t piece) {
    Reader reader;
    for (std::size_t at = 0; at < input.size(); at += piece) {
        if (!reader.feed(input.substr(at, piece))) break;
    }
    return reader.transcript();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size < 2) return 0;
    std::string_view const input(reinterpret_cast<char const*>(data + 1), size - 1);
    auto const whole = read(input, input.size());
    require(read(input, data[0] % 64U + 1U) == whole);
    if (size < 1000) require(read(input, 1) == whole);
    // The same bytes name a boundary too.
    auto const parsed = clinikk::http::parse_boundary(input);
    if (parsed) require(!parsed->empty() && parsed->size() <= 70 && parsed->back() != ' ');
    return 0;
}
