#include "mail/message.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <stdexcept>

#include "base/encoding.hpp"
#include "base/json_text.hpp"

namespace clinikk {
namespace {

constexpr std::size_t longest_line = 998;          // RFC 5322 section 2.1.1
constexpr std::size_t base64_line = 76;            // RFC 2045 section 6.8
constexpr std::size_t bytes_in_encoded_word = 45;  // 60 characters of at most 75 (RFC 2047 section 2)

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string base64(std::string_view text) {
    return to_base64(std::span(reinterpret_cast<std::uint8_t const*>(text.data()), text.size()));
}

void refuse_control_characters(std::string_view value) {
    auto const is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
    if (std::ranges::any_of(value, is_control)) {
        throw std::invalid_argument("a header field of a mail contains a control character");
    }
}

/// Encoded words, each with whole characters, on lines of their own.
std::string encoded_words(std::string_view text) {
    std::string words;
    while (!text.empty()) {
        auto const length = std::max<std::size_t>(1, valid_utf8_prefix(text.substr(0, bytes_in_encoded_word)));
        words.append(words.empty() ? "" : "\r\n ")
            .append("=?UTF-8?B?")
            .append(base64(text.substr(0, length)))
            .append("?=");
        text.remove_prefix(length);
    }
    return words;
}

std::string quoted_string(std::string_view text) {
    std::string quoted = "\"";
    for (char const c : text) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

std::string mailbox(MailSender const& sender) {
    if (sender.name.empty()) return sender.address;
    return (is_ascii(sender.name) ? quoted_string(sender.name) : encoded_words(sender.name)) + " <" + sender.address +
           '>';
}

/// The date of RFC 5322 section 3.3: that of HTTP with a numeric zone.
std::string message_date(Timestamp at) {
    auto date = format_http_date(at);
    date.replace(date.size() - 3, 3, "+0000");
    return date;
}

std::string with_crlf(std::string_view text) {
    std::string lines;
    for (char const c : text) {
        if (c == '\r') continue;
        if (c == '\n') lines += '\r';
        lines += c;
    }
    if (!lines.ends_with('\n')) lines += "\r\n";
    return lines;
}

bool has_short_lines(std::string_view text) {
    while (!text.empty()) {
        auto const end = std::min(text.find('\n'), text.size());
        if (end > longest_line) return false;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return true;
}

std::string base64_lines(std::string_view text) {
    auto const encoded = base64(text);
    std::string lines;
    for (std::size_t at = 0; at < encoded.size(); at += base64_line) {
        lines.append(encoded, at, base64_line).append("\r\n");
    }
    return lines;
}

}  // namespace

std::string write_message(Mail const& mail, MailSender const& sender, Timestamp at, Uuid id) {
    for (std::string_view const value : {mail.to, mail.subject, sender.name, sender.address}) {
        refuse_control_characters(value);
    }
    auto const domain = sender.address.substr(sender.address.find('@') + 1);
    auto const text = with_crlf(mail.text);
    bool const is_plain = is_ascii(text) && has_short_lines(text);
    std::string message;
    auto const add = [&message](std::string_view name, std::string_view value) {
        message.append(name).append(": ").append(value).append("\r\n");
    };
    add("From", mailbox(sender));
    add("To", mail.to);
    add("Subject", is_ascii(mail.subject) ? mail.subject : encoded_words(mail.subject));
    add("Date", message_date(at));
    add("Message-ID", '<' + id.to_string() + '@' + domain + '>');
    add("Auto-Submitted", "auto-generated");  // RFC 3834: so that nothing answers it
    add("MIME-Version", "1.0");
    add("Content-Type", "text/plain; charset=utf-8");
    add("Content-Transfer-Encoding", is_plain ? "7bit" : "base64");
    return message + "\r\n" + (is_plain ? text : base64_lines(text));
}

}  // namespace clinikk
