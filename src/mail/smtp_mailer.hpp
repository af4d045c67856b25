#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "base/log.hpp"
#include "client/smtp.hpp"
#include "domain/mailer.hpp"
#include "mail/message.hpp"

namespace clinikk {

/// A mail server, and in whose name it sends.
struct SmtpOptions : SmtpServer {
    MailSender sender{};  ///< (MAIL_FROM)
};

struct MailQueueOptions {
    std::size_t places = 1000;  ///< mails that may wait
    /// How long a mail waits after each attempt that failed. After the last one it is given up.
    std::vector<std::chrono::seconds> delays{std::chrono::seconds(2), std::chrono::seconds(15),
                                             std::chrono::seconds(90)};
    std::chrono::seconds closing_time{5};  ///< for what still waits when the mailer is destroyed
};

/// Sends mail over SMTP (RFC 5321) from a thread of its own, one mail at a time. What fails is tried again, unless the
/// server refused it for good; what is given up is logged, without address and text. The destructor sends what has not
/// been tried yet, as far as the time goes.
std::unique_ptr<Mailer> make_smtp_mailer(SmtpOptions server, Log& log, MailQueueOptions queue = {});

}  // namespace clinikk
