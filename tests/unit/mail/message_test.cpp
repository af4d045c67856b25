#include "mail/message.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "base/uuid.hpp"
#include "client/smtp.hpp"

namespace clinikk {
namespace {

constexpr Timestamp at{std::chrono::seconds(784'111'777)};
Uuid const id = Uuid::from_string("0190b5f0-0000-7000-8000-000000000001").value();

Mail mail() {
    return {.to = "ada@example.org", .subject = "A subject", .text = "One\nTwo\n", .kind = "test", .user_id = {}};
}

std::string header_of(std::string const& message) { return message.substr(0, message.find("\r\n\r\n") + 2); }
std::string body_of(std::string const& message) { return message.substr(message.find("\r\n\r\n") + 4); }

TEST(Message, IsWrittenAsTheStandardsSay) {
    EXPECT_EQ(write_message(mail(), {"Clinikk \"TV\"", "tv@clinikk.example"}, at, id),
              "From: \"Clinikk \\\"TV\\\"\" <tv@clinikk.example>\r\n"
              "To: ada@example.org\r\n"
              "Subject: A subject\r\n"
              "Date: Sun, 06 Nov 1994 08:49:37 +0000\r\n"
              "Message-ID: <0190b5f0-0000-7000-8000-000000000001@clinikk.example>\r\n"
              "Auto-Submitted: auto-generated\r\n"
              "MIME-Version: 1.0\r\n"
              "Content-Type: text/plain; charset=utf-8\r\n"
              "Content-Transfer-Encoding: 7bit\r\n"
              "\r\n"
              "One\r\nTwo\r\n");
}

TEST(Message, EncodesWhatIsNotAscii) {
    auto wanted = mail();
    wanted.subject = "Pa\u00DFwort";
    wanted.text = "Gr\u00FC\u00DFe\n";
    auto const message = write_message(wanted, {"Dr. \u00C4rztin", "tv@clinikk.example"}, at, id);
    EXPECT_TRUE(message.starts_with("From: =?UTF-8?B?RHIuIMOEcnp0aW4=?= <tv@clinikk.example>\r\n")) << message;
    EXPECT_NE(message.find("Subject: =?UTF-8?B?UGHDn3dvcnQ=?=\r\n"), message.npos) << message;
    EXPECT_NE(message.find("Content-Transfer-Encoding: base64\r\n"), message.npos);
    EXPECT_EQ(body_of(message), "R3LDvMOfZQ0K\r\n");
}

TEST(Message, BreaksLongEncodedWordsBetweenCharacters) {
    auto wanted = mail();
    for (int i = 0; i < 40; ++i) wanted.subject += "\U0001F511";
    auto const header = header_of(write_message(wanted, {"", "tv@clinikk.example"}, at, id));
    std::size_t words = 0;
    for (std::size_t begin = 0; begin < header.size();) {
        auto const end = header.find("\r\n", begin);
        auto const line = header.substr(begin, end - begin);
        EXPECT_LE(line.size(), 76U + 9U) << line;
        // Eleven keys of four bytes are 44 bytes: no word ends inside of one.
        if (line.find("=?UTF-8?B?") != line.npos) ++words;
        begin = end + 2;
    }
    EXPECT_EQ(words, 4U) << header;
}

TEST(Message, EncodesLinesThatAreTooLong) {
    auto wanted = mail();
    wanted.text = std::string(997, 'x') + '\n';
    EXPECT_NE(write_message(wanted, {"", "a@b.example"}, at, id).find("Encoding: 7bit"), std::string::npos);
    wanted.text = std::string(999, 'x') + '\n';
    auto const message = write_message(wanted, {"", "a@b.example"}, at, id);
    EXPECT_NE(message.find("Encoding: base64"), message.npos);
    for (auto rest = body_of(message); !rest.empty();) {
        auto const end = rest.find("\r\n");
        ASSERT_NE(end, rest.npos);
        EXPECT_LE(end, 76U);
        rest.erase(0, end + 2);
    }
}

TEST(Message, RefusesWhatCouldBeginAnotherHeaderField) {
    MailSender const sender{"", "tv@clinikk.example"};
    for (std::string const& evil :
         {std::string("x\r\nBcc: eve@example.org"), std::string("x\nBcc: eve@example.org"),
          std::string("x\rBcc: eve@example.org"), std::string("x\0y", 3), std::string("x\ty"), std::string("x\x7F")}) {
        auto subject = mail();
        subject.subject = evil;
        auto recipient = mail();
        recipient.to = evil;
        EXPECT_THROW(write_message(subject, sender, at, id), std::invalid_argument) << evil;
        EXPECT_THROW(write_message(recipient, sender, at, id), std::invalid_argument) << evil;
        EXPECT_THROW(write_message(mail(), {evil, sender.address}, at, id), std::invalid_argument) << evil;
        EXPECT_THROW(write_message(mail(), {"", evil}, at, id), std::invalid_argument) << evil;
    }
}

TEST(Smtp, NeedsTlsUnlessTheServerIsOnThisHost) {
    auto const needs = [](std::string url, std::optional<bool> require = {}) {
        return needs_tls({.url = std::move(url), .require_tls = require});
    };
    for (auto const* const url :
         {"smtp://localhost:25", "smtp://127.0.0.1:2525", "smtp://127.8.9.1", "smtp://[::1]:25"}) {
        EXPECT_FALSE(needs(url)) << url;
        EXPECT_TRUE(needs(url, true)) << url;
    }
    for (auto const* const url : {"smtp://mail.example.com:587", "smtp://127.0.0.1.example.com", "smtp://10.0.0.1",
                                  "smtp://localhost.example.com", "smtp://[::2]"}) {
        EXPECT_TRUE(needs(url)) << url;
        EXPECT_FALSE(needs(url, false)) << url;
    }
    EXPECT_TRUE(needs("smtps://localhost:465"));
    EXPECT_TRUE(needs("smtps://localhost:465", false));
}

}  // namespace
}  // namespace clinikk
