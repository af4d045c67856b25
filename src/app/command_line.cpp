#include "app/command_line.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <csignal>
#include <iostream>

#include "api/audit.hpp"
#include "app/api_document.hpp"
#include "app/application.hpp"
#include "app/ask_health.hpp"
#include "app/audit_command.hpp"
#include "app/check_storage.hpp"
#include "app/library_commands.hpp"
#include "app/open_database.hpp"
#include "app/package_file.hpp"
#include "app/settings.hpp"
#include "app/settings_text.hpp"
#include "app/user_commands.hpp"
#include "domain/values.hpp"
#include "media/sandbox.hpp"

namespace clinikk::app {
namespace {

/// Adds a flag for every setting, whose value goes to `given`.
void add_settings(CLI::App& command, GivenSettings& given) {
    for (auto const& setting : all_settings()) {
        std::string const name(setting.name);
        std::string help(setting.help);
        auto const fallback = setting.fallback();
        if (!fallback.empty()) help.append(" [").append(fallback).append("]");
        help.append(" (").append(name).append(")");
        command
            .add_option_function<std::string>(
                setting.flag(), [&given, name](std::string const& text) { given[name] = text; }, help)
            ->type_name("");
    }
}

int serve(Settings const& settings) {
    Log log(settings.log_level, settings.log_format);
    Application application(settings, log);
    std::cout << "clinikk-tv listening on " << application.address() << '\n' << std::flush;
    application.run();
    log.info("server.stopped");
    return 0;
}

template <class Value>
Value parse_argument(std::string const& text, std::string_view what) {
    auto value = Value::parse(text);
    if (!value) throw SettingError(std::string(what) + ' ' + value.error());
    return *std::move(value);
}

/// The arguments of `content assign-owner`.
struct OwnerArguments {
    std::vector<std::string> contents;
    bool all_unowned = false;
};

/// The arguments of the `user` commands.
struct AccountArguments {
    std::string email;
    std::string role = "viewer";
};

/// The arguments of `audit`, as they were given.
struct AuditArguments {
    std::string actor;
    std::string target;
    std::string action;
    std::string since;
    std::string until;
    std::int64_t limit = 100;
    bool as_json = false;

    AuditQuery query() const {
        AuditQuery query{.limit = limit};
        if (!actor.empty()) {
            auto const wanted = parse_argument<api::AuditActorValue>(actor, "--actor").value();
            query.actor_kind = wanted.kind;
            query.actor_id = wanted.id;
        }
        if (!target.empty()) query.target_id = parse_argument<UuidValue>(target, "--target").value();
        if (!action.empty()) query.action = parse_argument<api::AuditActionValue>(action, "--action").value();
        if (!since.empty()) query.since = parse_argument<api::TimeValue>(since, "--since").value();
        if (!until.empty()) query.until = parse_argument<api::TimeValue>(until, "--until").value();
        return query;
    }
};

/// The commands, and what each does with the settings.
class CommandLine {
public:
    CommandLine() {
        app_.require_subcommand(1);
        add("serve", "Serve until SIGTERM or SIGINT", serve);
        add("migrate", "Bring the schema of the database up to date; take over a database of the proof of concept",
            [](Settings const& settings) {
                Log log(settings.log_level, settings.log_format);
                prepare_database(settings, log, [](std::string_view line) { std::cout << line << '\n'; });
                return 0;
            });
        add("gc", "Remove what interrupted writes and deletes left behind", [this](Settings const& settings) {
            return collect_garbage(settings, dry_run_);
        }).add_flag("--dry-run", dry_run_, "Only list what would be removed");
        add("verify", "Hash every object again and compare it with its row", verify_objects);
        add("health", "Ask a running service on HOST and PORT whether it is alive", ask_health);
        add("backfill",
            "Read objects that were taken over, and store their size, digest and media facts; make missing packaging "
            "indexes",
            backfill_objects);
        add_storage();
        add_contents();
        add_audit();
        add_check();
        add_user_commands();
        add_package();
        add_openapi();
        add_settings_command();
        app_.add_subcommand("version", "Print the version")->callback([this] {
            action_ = [] {
                std::cout << "clinikk-tv " << CLINIKK_VERSION << '\n';
                return 0;
            };
        });
        app_.add_subcommand("sandbox-exec", "Confine and run a program that reads media (used by the service itself)");
    }

    int run(int argc, char** argv) {
        try {
            app_.parse(argc, argv);
        } catch (CLI::ParseError const& failure) {
            if (argc > 1 && argv[1][0] != '-' && !has_command(argv[1])) {
                std::cerr << "clinikk-tv: there is no command '" << argv[1] << "'; --help lists them\n";
                return 2;
            }
            return app_.exit(failure) == 0 ? 0 : 2;
        }
        return action_();
    }

private:
    using Action = std::function<int(Settings const&)>;

    bool has_command(std::string_view name) {
        return !app_.get_subcommands([name](CLI::App const* command) { return command->get_name() == name; }).empty();
    }

    CLI::App& add(std::string const& name, std::string const& help, Action action, CLI::App* parent = nullptr) {
        auto& command = *(parent != nullptr ? parent : &app_)->add_subcommand(name, help);
        add_settings(command, given_);
        command.callback([this, action = std::move(action)] {
            action_ = [this, action] { return action(resolve_settings(given_)); };
        });
        return command;
    }

    CLI::App& add_account(CLI::App* parent, std::string const& name, std::string const& help, Action action) {
        auto& command = add(name, help, std::move(action), parent);
        command.add_option("email", account_.email, "E-mail address of the account")->required();
        return command;
    }

    void add_settings_command() {
        auto& command = *app_.add_subcommand("settings", "Check all settings; print each value and where it is set");
        add_settings(command, given_);
        command.add_flag("--env", as_env_, "Print the defaults as a .env file instead; .env.example is this");
        command.callback([this] {
            action_ = [this] {
                if (!as_env_) resolve_settings(given_);
                std::cout << (as_env_ ? settings_as_env() : settings_with_sources(find_settings(given_)));
                return 0;
            };
        });
    }

    void add_storage() {
        auto* const storage = app_.add_subcommand("storage", "Objects: copy them from store to store");
        storage->require_subcommand(1);
        auto& copy = add(
            "copy", "Copy all objects of a store to another, which serves them from then on",
            [this](Settings const& settings) { return copy_objects(settings, from_, to_); }, storage);
        copy.add_option("--from", from_, "local or s3")->required()->check(CLI::IsMember({"local", "s3"}));
        copy.add_option("--to", to_, "local or s3")->required()->check(CLI::IsMember({"local", "s3"}));
    }

    void add_contents() {
        auto* const content = app_.add_subcommand("content", "Contents: make an account their owner");
        content->require_subcommand(1);
        auto& assign =
            add_account(content, "assign-owner", "Give contents to an account, which may then change them",
                        [this](Settings const& settings) { return assign_owner(settings, email(), contents()); });
        assign.add_option("--content", owner_.contents, "Id of a content, whoever owns it; may be repeated")
            ->type_name("ID");
        assign.add_flag("--all-unowned", owner_.all_unowned, "All contents that have no owner");
    }

    void add_audit() {
        auto& audit =
            add("audit", "Print the audit log: who did what to what, the newest first",
                [this](Settings const& settings) { return print_audit(settings, audit_.query(), audit_.as_json); });
        audit.add_option("--actor", audit_.actor, "Id of an account, or account, nobody, operator or service");
        audit.add_option("--target", audit_.target, "Id of what something was done to")->type_name("ID");
        audit.add_option("--action", audit_.action, "Such as content.deleted");
        audit.add_option("--since", audit_.since, "A time such as 2026-03-01T12:00:00Z, or a date; inclusive");
        audit.add_option("--until", audit_.until, "The same; not inclusive");
        audit.add_option("--limit", audit_.limit, "The most events that are printed [100]")
            ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}));
        audit.add_flag("--json", audit_.as_json, "A JSON object on each line");
    }

    void add_openapi() {
        auto* const command = app_.add_subcommand("openapi", "Print the OpenAPI document");
        command->add_flag("--table", table_, "Print the operations as a table: method, path, id, who may call");
        command->add_flag("--permissions", permissions_, "Print who may do what with a content, as a table");
        command->callback([this] {
            action_ = [this] {
                std::cout << (permissions_ ? permissions_text() : table_ ? endpoints_text() : openapi_text());
                return 0;
            };
        });
    }

    void add_package() {
        auto* const command = app_.add_subcommand(
            "package", "Package a local file as HLS, DASH and a file that starts fast, in a directory of static files");
        command->add_option("file", file_, "An MP4, M4A or QuickTime file; it stays as it is")
            ->required()
            ->type_name("FILE");
        command->add_option("directory", directory_, "Where to; it is made, or must be empty")
            ->required()
            ->type_name("DIRECTORY");
        command->callback([this] { action_ = [this] { return package_file(file_, directory_); }; });
    }

    void add_check() {
        auto* const check = app_.add_subcommand("check", "Try what the service depends on: storage");
        check->require_subcommand(1);
        add(
            "storage", "Try everything the service does with its store, and leave nothing behind",
            [this](Settings const& settings) { return check_storage(settings, origins_); }, check)
            .add_option("--origin", origins_, "Where pages come from that upload or play (default: CORS_ORIGINS)");
    }

    void add_user_commands() {
        auto* const user =
            app_.add_subcommand("user", "Accounts: add, list, passwd, role, disable, enable, reset-totp");
        user->require_subcommand(1);
        add("list", "List all accounts", list_users, user);
        auto& add_one = add_account(
            user, "add", "Make an account; the password is read from standard input", [this](Settings const& settings) {
                auto const role = parse_argument<RoleValue>(account_.role, "role").value();
                auto const password = parse_argument<Password>(read_password(), "password");
                return change_user(settings, [&](UserService& users) { return users.add(email(), password, role); });
            });
        add_one.add_option("--role", account_.role, "viewer, editor or admin [viewer]");
        add_account(user, "passwd", "Set a password, read from standard input; ends the account's sessions",
                    [this](Settings const& settings) {
                        auto const password = parse_argument<Password>(read_password(), "password");
                        return change_user(settings,
                                           [&](UserService& users) { return users.set_password(email(), password); });
                    });
        add_account(user, "role", "Set a role; ends the account's sessions",
                    [this](Settings const& settings) {
                        auto const role = parse_argument<RoleValue>(account_.role, "role").value();
                        return change_user(settings,
                                           [&](UserService& users) { return users.update(email(), {.role = role}); });
                    })
            .add_option("role", account_.role, "viewer, editor or admin")
            ->required();
        add_account(user, "disable", "Lock an account out; ends its sessions", [this](Settings const& settings) {
            return change_user(settings,
                               [&](UserService& users) { return users.update(email(), {.is_active = false}); });
        });
        add_account(user, "reset-totp", "Remove a lost second factor; ends the account's sessions",
                    [this](Settings const& settings) {
                        return change_user(settings,
                                           [&](UserService& users) { return users.remove_second_factor(email()); });
                    });
        add_account(user, "enable", "Let a disabled account in again", [this](Settings const& settings) {
            return change_user(settings,
                               [&](UserService& users) { return users.update(email(), {.is_active = true}); });
        });
    }

    /// No ids: all contents without an owner.
    std::optional<std::vector<Uuid>> contents() const {
        if (owner_.contents.empty() == !owner_.all_unowned) {
            throw SettingError("give either --content or --all-unowned");
        }
        if (owner_.all_unowned) return std::nullopt;
        std::vector<Uuid> ids;
        for (auto const& text : owner_.contents) ids.push_back(parse_argument<UuidValue>(text, "--content").value());
        return ids;
    }

    Email const& email() {
        parsed_email_ = parse_argument<Email>(account_.email, "email");
        return *parsed_email_;
    }

    CLI::App app_{"Clinikk TV: upload, protect and stream health video and audio", "clinikk-tv"};
    GivenSettings given_;
    AccountArguments account_;
    OwnerArguments owner_;
    AuditArguments audit_;
    std::optional<Email> parsed_email_;
    bool dry_run_ = false;
    bool table_ = false;
    bool permissions_ = false;
    bool as_env_ = false;
    std::string from_;
    std::string to_;
    std::string file_;
    std::string directory_;
    std::vector<std::string> origins_;
    std::function<int()> action_;
};

/// The first process of a container ignores signals that it does not handle. These handlers end it like any other
/// process; `serve` replaces them with its own while it serves.
void heed_signals_as_first_process() {
    if (::getpid() != 1) return;
    for (int const signal : {SIGTERM, SIGINT}) {
        std::signal(signal, [](int number) { ::_exit(128 + number); });
    }
}

}  // namespace

int run_command_line(int argc, char** argv) {
    // This must come first: the program that it starts must find no threads and no open files.
    if (argc > 1 && std::string_view(argv[1]) == "sandbox-exec") return media::sandbox_exec_main(argc - 1, argv + 1);
    heed_signals_as_first_process();
    try {
        return CommandLine().run(argc, argv);
    } catch (std::exception const& failure) {
        std::cerr << "clinikk-tv: " << failure.what() << '\n';
        return 1;
    }
}

}  // namespace clinikk::app
