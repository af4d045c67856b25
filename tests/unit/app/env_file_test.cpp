#include "app/env_file.hpp"

#include <gtest/gtest.h>

namespace clinikk::app {
namespace {

void expect_value(std::string_view line, std::string_view value) {
    auto const values = parse_env(line);
    ASSERT_TRUE(values.contains("KEY")) << line;
    EXPECT_EQ(values.at("KEY"), value) << line;
}

TEST(EnvFile, Values) {
    expect_value("KEY=value", "value");
    expect_value("  export KEY = value \r\n", "value");
    expect_value("KEY=", "");
    expect_value("KEY=a=b", "a=b");
    expect_value("KEY=first\nKEY=second\n", "second");
    expect_value("\xEF\xBB\xBFKEY=value\r\n", "value");
}

TEST(EnvFile, Quotes) {
    expect_value("KEY=\"a b\"", "a b");
    expect_value("KEY='a # b' # comment", "a # b");
    expect_value("KEY=\"\"", "");
    expect_value("KEY=\"it's\"", "it's");
    expect_value("KEY=\"", "\"");
    expect_value("KEY=\"a\"b", "\"a\"b");
    expect_value("KEY=\"a", "\"a");
}

TEST(EnvFile, Comments) {
    expect_value("KEY=value # comment", "value");
    expect_value("KEY=value\t#comment", "value");
    expect_value("KEY=https://host/#fragment", "https://host/#fragment");
    expect_value("KEY=#5", "#5");
    expect_value("KEY= # nothing", "");
    expect_value("#KEY=no\nKEY=yes", "yes");
}

TEST(EnvFile, WhatIsNoSettingIsPassedOver) {
    auto const values = parse_env("nonsense\n\n=x\n# KEY=1\nKEY=2");
    EXPECT_EQ(values.at("KEY"), "2");
    EXPECT_FALSE(values.contains("nonsense"));
}

}  // namespace
}  // namespace clinikk::app
