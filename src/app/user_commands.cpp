#include "app/user_commands.hpp"

#include <termios.h>
#include <unistd.h>

#include <iostream>

#include "app/command_context.hpp"
#include "app/run_to_end.hpp"
#include "base/time.hpp"

namespace clinikk::app {
namespace {

void print_user(User const& user) {
    std::cout << user.id.to_string() << "  "
              << (user.role == Role::admin    ? "admin "
                  : user.role == Role::editor ? "editor"
                                              : "viewer")
              << "  " << (user.is_active ? "active  " : "disabled") << "  " << format_rfc3339(user.created_at) << "  "
              << user.email << '\n';
}

}  // namespace

std::string read_password() {
    termios before{};
    bool const terminal = ::isatty(STDIN_FILENO) == 1 && ::tcgetattr(STDIN_FILENO, &before) == 0;
    if (terminal) {
        std::cerr << "Password: ";
        termios silent = before;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    std::string password;
    std::getline(std::cin, password);
    if (terminal) {
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        std::cerr << '\n';
    }
    return password;
}

int change_user(Settings const& settings, std::function<Task<Result<User>>(UserService&)> operation) {
    CommandContext context(settings);
    UserService users(*context.core.freeing_work, *context.core.hasher, context.core.clock);
    auto const outcome = run_to_end(operation(users));
    if (!outcome) {
        std::cerr << outcome.error().detail << '\n';
        return 1;
    }
    print_user(*outcome);
    return 0;
}

int list_users(Settings const& settings) {
    CommandContext context(settings);
    UserService users(*context.core.freeing_work, *context.core.hasher, context.core.clock);
    UserQuery query;
    while (true) {
        auto const page = run_to_end(users.list(query));
        for (auto const& user : page) print_user(user);
        if (page.size() < static_cast<std::size_t>(query.limit)) return 0;
        query.after = {page.back().created_at, page.back().id};
    }
}

}  // namespace clinikk::app
