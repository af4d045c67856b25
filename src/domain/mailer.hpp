#pragma once

#include <string>
#include <string_view>

#include "base/uuid.hpp"

namespace clinikk {

/// A mail to an account.
struct Mail {
    std::string to{};       ///< an address, as `Email` takes it
    std::string subject{};  ///< one line
    std::string text{};     ///< lines end in line feeds
    std::string_view kind;  ///< for the log: a literal such as `password_reset`
    Uuid user_id;           ///< for the log
};

/// Sends mail. Thread-safe.
class Mailer {
public:
    virtual ~Mailer() = default;

    /// Takes over a mail that is sent soon, without waiting for that. Returns false when too many mails wait. A mail
    /// that waits is lost when the process ends.
    virtual bool post(Mail mail) = 0;
};

}  // namespace clinikk
