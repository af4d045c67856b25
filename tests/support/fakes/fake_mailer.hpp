#pragma once

#include <utility>
#include <vector>

#include "domain/mailer.hpp"

namespace clinikk::testing {

/// Keeps what it is given.
class FakeMailer final : public Mailer {
public:
    bool post(Mail mail) override {
        if (is_full) return false;
        sent.push_back(std::move(mail));
        return true;
    }

    bool is_full = false;
    std::vector<Mail> sent{};
};

}  // namespace clinikk::testing
