#pragma once

#include <string>
#include <string_view>

#include "base/time.hpp"
#include "base/uuid.hpp"
#include "domain/mailer.hpp"

namespace clinikk {

/// Whom mails come from.
struct MailSender {
    std::string name{};     ///< for people; may be empty
    std::string address{};  ///< an address, as `Email` takes it
};

/// Writes a mail as an Internet message (RFC 5322) of plain text in UTF-8, with CRLF line ends. Header fields that are
/// not ASCII are encoded words (RFC 2047); a text that is not ASCII, or has lines of more than 998 bytes, is in Base64.
/// Throws std::invalid_argument if an address, the subject or the name of the sender contains a control character,
/// which could begin another header field.
std::string write_message(Mail const& mail, MailSender const& sender, Timestamp at, Uuid id);

}  // namespace clinikk
