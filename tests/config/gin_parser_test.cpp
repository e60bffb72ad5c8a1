#include "accumbens/config/gin_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "config/gin_properties.h"
#include "config/golden_values.h"

namespace accumbens {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Value value_of(const std::string& text) {
  const std::vector<Statement> statements = parse_gin("x = " + text + "\n", "t.gin");
  EXPECT_EQ(statements.size(), 1u) << text;
  return std::get<BindingStatement>(statements.at(0)).value;
}

std::vector<BindingStatement> bindings_of(const std::string& text) {
  std::vector<BindingStatement> bindings;
  for (const Statement& statement : parse_gin(text, "t.gin")) {
    bindings.push_back(std::get<BindingStatement>(statement));
  }
  return bindings;
}

std::string error_of(const std::string& text) {
  try {
    parse_gin(text, "t.gin");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

Value list_of(std::vector<Value> items) {
  return ListValue{.items = std::move(items)};
}

Value dict_of(std::vector<std::pair<Value, Value>> items) {
  return DictValue{.items = std::move(items)};
}

// oracle: the literals of Python, written out by hand
TEST(GinParser, LiteralsAreThoseOfPython) {
  const std::vector<std::pair<std::string, Value>> table = {
      {"None", Value()},
      {"True", true},
      {"False", false},
      {"0", 0},
      {"00", 0},
      {"0_0", 0},
      {"7", 7},
      {"-7", -7},
      {"- 7", -7},
      {"250_000", 250000},
      {"1_0_0", 100},
      {"0x1F", 31},
      {"0X_ff_FF", 65535},
      {"0o17", 15},
      {"0b101", 5},
      {"-0b11", -3},
      {"9_223_372_036_854_775_807", INT64_MAX},
      {"-9223372036854775808", INT64_MIN},
      {"0.", 0.0},
      {"10.", 10.0},
      {".5", 0.5},
      {"-.5", -0.5},
      {"6.25e-5", 6.25e-5},
      {"1e3", 1000.0},
      {"1E+3", 1000.0},
      {"0e0", 0.0},
      {"007.5", 7.5},
      {"09e1", 90.0},
      {"1_000.000_1", 1000.0001},
      {"1_0e1_0", 1e11},
      {"0.1", 0.1},
      {"5e-324", 5e-324},
      {"1.7976931348623157e308", 1.7976931348623157e308},
      {"''", ""},
      {"\"\"", ""},
      {"'a'", "a"},
      {"\"it's\"", "it's"},
      {"'a' 'b'  \"c\"", "abc"},
      {"'a' '' 'b'", "ab"},
      {R"('\n\t\\\'\"')", "\n\t\\'\""},
      {R"('\a\b\f\r\v')", "\a\b\f\r\v"},
      {R"('\x41\101\u00e9\U0001F600')", "AA\u00e9\U0001F600"},
      {R"('\xff')", "\u00ff"},
      {R"('\0')", std::string(1, '\0')},
      {R"('\1234')", "S4"},
      {R"('\d')", "\\d"},
      {"'a\\\nb'", "ab"},
      {R"(r'\n\'')", "\\n\\'"},
      {"u'x'", "x"},
      {"'''a\n'b' ''c'''", "a\n'b' ''c"},
      {"\"\"\"\"\"\"", ""},
      {"'# no comment'", "# no comment"},
      {"'\u00e9'", "\u00e9"},
      {"()", tuple_of({})},
      {"(1)", 1},
      {"((1))", 1},
      {"(1,)", tuple_of({1})},
      {"(84, 84)", tuple_of({84, 84})},
      {"(1, 2,)", tuple_of({1, 2})},
      {"[]", list_of({})},
      {"[1]", list_of({1})},
      {"[1, 2.0, 'x', None,]", list_of({1, 2.0, "x", Value()})},
      {"[[1], (2,), []]", list_of({list_of({1}), tuple_of({2}), list_of({})})},
      {"{}", dict_of({})},
      {"{'a': 1, 'b': [2]}", dict_of({{"a", 1}, {"b", list_of({2})}})},
      {"{1: 'x', 1.0: 'y',}", dict_of({{1, "y"}})},
      {"{(1, 2): {}}", dict_of({{tuple_of({1, 2}), dict_of({})}})},
      {"[1, # one\n  2,\n\n  3 # three\n]", list_of({1, 2, 3})},
      {"('a'\n 'b')", "ab"},
      {"\\\n  5", 5},
      {"[-\n5]", list_of({-5})},
      {"@f", ReferenceValue{"f", false}},
      {"@a.b.f", ReferenceValue{"a.b.f", false}},
      {"@s/f()", ReferenceValue{"s/f", true}},
      {"@s/t/m.f( )", ReferenceValue{"s/t/m.f", true}},
      {"%C", ConstantReference{"C"}},
      {"%lib.C", ConstantReference{"lib.C"}},
      {"[@f, %C, (@g(),)]", list_of({ReferenceValue{"f"}, ConstantReference{"C"},
                                     tuple_of({ReferenceValue{"g", true}})})},
  };
  for (const auto& [text, expected] : table) {
    EXPECT_EQ(value_of(text), expected) << text << " was read as " << gin_text(value_of(text));
  }
}

TEST(GinParser, ZeroKeepsItsSign) {
  EXPECT_TRUE(std::signbit(*value_of("-0.0").as<double>()));
}

TEST(GinParser, SplitsScopeNameAndParameter) {
  const auto bindings = bindings_of("a/b/lib.mod.Name.x = 1\nName.y=2 # why\n  s/M = 3\r\nN = 4");
  ASSERT_EQ(bindings.size(), 4u);
  EXPECT_EQ(bindings[0].scope, "a/b");
  EXPECT_EQ(bindings[0].name, "lib.mod.Name");
  EXPECT_EQ(bindings[0].parameter, "x");
  EXPECT_EQ(bindings[1].name, "Name");
  EXPECT_EQ(bindings[2].scope, "s");
  EXPECT_EQ(bindings[2].name, "M");
  EXPECT_EQ(bindings[2].parameter, "");
  EXPECT_EQ(bindings[3].name, "N");
  EXPECT_EQ(bindings[3].value, Value(4));
}

TEST(GinParser, LocationsCountLinesAndCharacters) {
  const auto bindings = bindings_of("\n# \u00e9\n  a/Name.x = [\n 1]\nName.y = '\u00e9' 'b'\n");
  ASSERT_EQ(bindings.size(), 2u);
  EXPECT_EQ(bindings[0].location.line, 3);
  EXPECT_EQ(bindings[0].location.column, 3);
  EXPECT_EQ(bindings[0].parameter_location.column, 10);
  EXPECT_EQ(bindings[0].value_location.column, 14);
  EXPECT_EQ(bindings[0].location.text, "  a/Name.x = [");
  EXPECT_EQ(bindings[1].location.line, 5);
  EXPECT_EQ(bindings[1].value_location.column, 10);
}

TEST(GinParser, ABlockBindsEachOfItsLines) {
  const auto bindings = bindings_of(
      "s/Name:  # a block\n"
      "\n"
      "  x = 1\n"
      "  # between\n"
      "  y = [2,\n"
      "3]\n"
      "Other.z = 4\n");
  ASSERT_EQ(bindings.size(), 3u);
  EXPECT_EQ(bindings[0].scope, "s");
  EXPECT_EQ(bindings[0].name, "Name");
  EXPECT_EQ(bindings[0].parameter, "x");
  EXPECT_EQ(bindings[0].parameter_location.line, 3);
  EXPECT_EQ(bindings[1].parameter, "y");
  EXPECT_EQ(bindings[1].value, list_of({2, 3}));
  EXPECT_EQ(bindings[2].name, "Other");
  EXPECT_EQ(bindings[2].parameter, "z");
}

TEST(GinParser, ReadsImportsAndIncludes) {
  const auto statements = parse_gin(
      "import a.b.c\nfrom a.b import c\nimport a as d # x\ninclude 'x/' \"y.gin\"\n"
      "import.x = 1\ninclude = 2\nimporter.x = 3\n",
      "t.gin");
  ASSERT_EQ(statements.size(), 7u);
  EXPECT_EQ(std::get<ImportStatement>(statements[0]).module, "a.b.c");
  EXPECT_EQ(std::get<ImportStatement>(statements[1]).module, "a.b.c");
  EXPECT_EQ(std::get<ImportStatement>(statements[2]).module, "a");
  EXPECT_EQ(std::get<IncludeStatement>(statements[3]).file, "x/y.gin");
  EXPECT_EQ(std::get<BindingStatement>(statements[4]).name, "import");
  EXPECT_EQ(std::get<BindingStatement>(statements[5]).name, "include");
  EXPECT_EQ(std::get<BindingStatement>(statements[6]).name, "importer");
}

TEST(GinParser, EmptyTextsHaveNoStatements) {
  for (const char* text : {"", "\n", "   ", "# x", "\xef\xbb\xbf", "\r\n\r\n", " \\\n \n"}) {
    EXPECT_TRUE(parse_gin(text, "t.gin").empty()) << text;
  }
}

// oracle: the place of the first wrong character, by hand
TEST(GinParser, ErrorsNameThePlaceAndWhatWasExpected) {
  const std::vector<std::tuple<std::string, std::string, std::string>> table = {
      {"A.x = ", "1:7", "expected a value"},
      {"A.x 5", "1:5", "expected '=' and a value, found '5'"},
      {"A.x", "1:4", "expected '='"},
      {"A. = 5", "1:2", "expected '='"},
      {"A.x = 1 2", "1:9", "expected the end of the line, found '2'"},
      {"A.x = 1, 2", "1:8", "expected the end of the line"},
      {"A.x = 1 \\\n", "1:9", "expected the end of the line, found '\\'"},
      {"A.x = 007", "1:9", "expected a number"},
      {"A.x = 1__0", "1:8", "expected a number"},
      {"A.x = 1_", "1:8", "expected a number"},
      {"A.x = 1.2.3", "1:10", "expected a number"},
      {"A.x = 0x", "1:8", "expected a number"},
      {"A.x = 3j", "1:8", "expected a number"},
      {"A.x = -", "1:8", "expected a number after '-', found the end of the text"},
      {"A.x = --1", "1:8", "expected a number after '-'"},
      {"A.x = +1", "1:7", "expected a value"},
      {"A.x = 9223372036854775808", "1:7", "does not fit into 64 bits"},
      {"A.x = -9223372036854775809", "1:8", "does not fit into 64 bits"},
      {"A.x = 1e999", "1:7", "does not fit into a double"},
      {"\n A.x = 'abc\n", "2:12", "expected ' to end the string, found the end of the line"},
      {"A.x = \"a", "1:9", "expected \" to end the string"},
      {"A.x = '''a\nb", "2:2", "expected ''' to end the string"},
      {R"(A.x = 'a\x4')", "1:9", "expected 2 hexadecimal digits"},
      {R"(A.x = 'a\u12')", "1:9", "expected 4 hexadecimal digits"},
      {R"(A.x = '\ud800')", "1:8", "no Unicode character"},
      {R"(A.x = '\U00110000')", "1:8", "no Unicode character"},
      {R"(A.x = '\N{DASH}')", "1:8", "by name"},
      {"A.x = b'a'", "1:7", "'b' is not a value"},
      {"A.x = true", "1:7", "did you mean 'True'?"},
      {"A.x = adam", "1:7", "a string needs quotes"},
      {"A.x = [1, 2", "1:12", "expected a value, ',' or ']'"},
      {"A.x = [1 2]", "1:10", "expected a value, ',' or ']', found '2'"},
      {"A.x = [1,, 2]", "1:10", "expected a value, ',' or ']'"},
      {"A.x = [,]", "1:8", "expected a value"},
      {"A.x = (1, 2]", "1:12", "expected a value, ',' or ')'"},
      {"A.x = {1}", "1:9", "expected ':' after the key"},
      {"A.x = {1: }", "1:11", "expected a value after ':'"},
      {"A.x = {[1]: 2}", "1:8", "cannot be the key"},
      {"A.x = {(1, [2]): 2}", "1:8", "cannot be the key"},
      {"A.x = @", "1:8", "the name of a configurable after '@'"},
      {"A.x = @f(1)", "1:10", "called without arguments"},
      {"A.x = %", "1:8", "constant or macro after '%'"},
      {"A.x = 1\n?", "2:1", "expected 'Name.parameter = value'"},
      {"/A.x = 1", "1:1", "expected 'Name.parameter = value'"},
      {"a.b/A.x = 1", "1:4", "expected '='"},
      {"import 5", "1:8", "the name of a module"},
      {"import a b", "1:10", "the end of the line"},
      {"from a b", "1:8", "'import'"},
      {"from a importb", "1:8", "'import'"},
      {"import a as 5", "1:13", "a name after 'as'"},
      {"include x", "1:9", "a file name in quotes"},
      {"A:\nB.x = 1", "2:1", "an indented line"},
      {"A:\n  x = 1\n   y = 2", "3:4", "indentation"},
      {"A:\n  x = 1\n y = 2", "3:2", "indentation"},
      {"A:\n  x.y = 1", "2:4", "expected '='"},
      {"A.x = 1\nB.y = '\xff'", "2:8", "not UTF-8"},
      {std::string("A.x = 1\0", 8), "1:8", "not UTF-8"},
      {"A.\u00e9 = 1", "1:2", "expected '='"},
  };
  for (const auto& [text, place, message] : table) {
    EXPECT_THAT(error_of(text), StartsWith("t.gin:" + place + ": ")) << text;
    EXPECT_THAT(error_of(text), HasSubstr(message)) << text;
  }
}

TEST(GinParser, ErrorsShowTheLineWithACaret) {
  EXPECT_EQ(error_of("A.x = 1\n\tA.\u00e9y = 2"),
            "t.gin:2:3: expected '=' and a value, found '.'\n"
            "  \tA.\u00e9y = 2\n"
            "  \t ^");
}

// oracle: what a terminal can show: of a long line what is around the place, and no control codes
TEST(GinParser, ErrorsShowOnlyWhatATerminalShould) {
  const std::string longest =
      error_of(std::string(200'000, ' ') + "a = ?" + std::string(200'000, 'b'));
  EXPECT_LT(longest.size(), 500U);
  const size_t shown = longest.find('\n') + 3, caret = longest.rfind('\n') + 3;
  EXPECT_EQ(longest[shown + longest.find('^', caret) - caret], '?');

  const std::string escape = error_of("a = 1 \x1b[31m \x07");
  EXPECT_THAT(escape, testing::HasSubstr("found byte 27"));
  EXPECT_EQ(escape.find('\x1b'), std::string::npos);
  EXPECT_THAT(escape, testing::HasSubstr("a = 1 .[31m ."));
}

// oracle: the limit; searching a configurable in its scopes is not for thousands of them
TEST(GinParser, DeepScopesAreRefused) {
  std::string scopes;
  for (int i = 0; i < 100; ++i) scopes += "s/";
  EXPECT_NO_THROW(parse_gin(scopes + "A.b = @" + scopes + "C", "x.gin"));
  EXPECT_THROW(parse_gin(scopes + "s/A.b = 1", "x.gin"), ConfigError);
  EXPECT_THROW(parse_gin("A.b = @" + scopes + "s/C", "x.gin"), ConfigError);
}

TEST(GinParser, DeepNestingIsRefused) {
  const auto nested = [](size_t depth, const std::string& open, const std::string& close) {
    std::string text = "A.x = ";
    for (size_t i = 0; i < depth; ++i) text += open;
    text += "1";
    for (size_t i = 0; i < depth; ++i) text += close;
    return text;
  };
  EXPECT_EQ(error_of(nested(100, "[", "]")), "no error");
  EXPECT_EQ(error_of(nested(100, "{1: ", "}")), "no error");
  EXPECT_THAT(error_of(nested(101, "[", "]")),
              StartsWith("t.gin:1:107: brackets are nested more than 100 deep"));
  EXPECT_THAT(error_of(nested(100'000, "(", "")), HasSubstr("more than 100 deep"));
  EXPECT_THAT(error_of(nested(100'000, "{1:", "")), HasSubstr("more than 100 deep"));
}

// oracle: printing and reading again gives the same value
TEST(GinParser, TextOfAValueReadsBackEqual) {
  std::mt19937_64 random(1);
  const auto below = [&](uint64_t n) { return random() % n; };
  const auto make = [&](auto&& self, int depth) -> Value {
    switch (below(depth > 3 ? 7 : 9)) {
      case 0:
        return Value();
      case 1:
        return below(2) == 0;
      case 2:
        return static_cast<int64_t>(random() >> below(64));
      case 3: {
        // any finite bit pattern
        const double value = std::bit_cast<double>(random());
        return std::isfinite(value) ? value : 0.0;
      }
      case 4: {
        std::string text;
        for (uint64_t i = below(9); i > 0; --i) text += static_cast<char>(below(128));
        return text + (below(2) == 0 ? "\u00e9\U0001F600" : "");
      }
      case 5:
        return ReferenceValue{.name = "a/b.c", .called = below(2) == 0};
      case 6:
        return ConstantReference{"lib.C"};
      case 7: {
        ListValue list{.tuple = below(2) == 0, .items = {}};
        for (uint64_t i = below(4); i > 0; --i) list.items.push_back(self(self, depth + 1));
        return list;
      }
      default: {
        DictValue dict;
        for (uint64_t i = below(4); i > 0; --i) {
          dict.items.emplace_back("key" + std::to_string(i), self(self, depth + 1));
        }
        return dict;
      }
    }
  };
  for (int i = 0; i < 20'000; ++i) {
    const Value value = make(make, 0);
    ASSERT_EQ(value_of(gin_text(value)), value) << gin_text(value);
  }
}

// oracle: gin-config 0.5.0, tests/oracles/gin_literals.py
TEST(GinParser, AgreesWithGinConfigOnGeneratedAndDamagedTexts) {
  std::ifstream stream(ACCUMBENS_SOURCE_DIR "/tests/oracles/gin_literals.json");
  const nlohmann::json cases = nlohmann::json::parse(stream);
  ASSERT_GE(cases.size(), 1'000u);
  for (const nlohmann::json& one : cases) {
    const std::string text = one[0];
    const std::string error = error_of(text);
    EXPECT_EQ(error != "no error", one[1].is_null()) << text << "\n" << error;
    if (error != "no error" || one[1].is_null()) continue;
    const auto bindings = bindings_of(text);
    ASSERT_EQ(bindings.size(), 1u) << text;
    const Value expected = value_of_json(one[1]);
    EXPECT_TRUE(bindings[0].value == expected)
        << text << "\nwas read as " << gin_text(bindings[0].value) << "\ninstead of "
        << gin_text(expected);
  }
}

// what the fuzzer found worth keeping
TEST(GinParser, PropertiesHoldForTheCorpus) {
  int count = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(ACCUMBENS_SOURCE_DIR "/tests/config/corpus")) {
    std::ifstream stream(file.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    EXPECT_TRUE(gin_properties_hold(text)) << file.path() << "\n" << text;
    ++count;
  }
  EXPECT_GE(count, 10);
}

// random bytes, random tokens and damaged files: statements or ConfigError, nothing else
TEST(GinParser, JunkIsRefusedButNeverCrashes) {
  const std::string sample =
      "# DQN\nimport dopamine.jax.agents.dqn.dqn_agent\ninclude 'base.gin'\n"
      "JaxDQNAgent.gamma = 0.99\ns/A.observation_shape = (84, 84)\nA.b = [1_0, -2., 'x\\n' \"y\"]\n"
      "A.f = @s/m.f()\nA.c = %lib.C\nA.d = {'k': None, 1: (True,)}\nBlock:\n  x = 1\n  y = "
      "'''z\n'''\n";
  const std::vector<std::string> tokens = {
      "A",  ".",       "/",     "=",        " ",   "\n",  "'",     "\"",     "'''", "\\",
      "[",  "]",       "(",     ")",        "{",   "}",   ",",     ":",      "@",   "%",
      "1",  "_",       ".5",    "e",        "0x",  "-",   "True",  "None",   "#",   "r",
      "\t", "import ", "from ", "include ", "as ", "\\x", "\\u12", "\u00e9", "\xff"};
  std::mt19937_64 random(2);
  const auto below = [&](uint64_t n) { return random() % n; };
  int accepted = 0;
  for (int i = 0; i < 30'000; ++i) {
    std::string text;
    if (i % 3 == 0) {
      for (uint64_t n = below(40); n > 0; --n) text += static_cast<char>(below(256));
    } else if (i % 3 == 1) {
      for (uint64_t n = below(30); n > 0; --n) text += tokens[below(tokens.size())];
    } else {
      text = sample;
      for (uint64_t n = 1 + below(3); n > 0; --n) {
        const size_t at = below(text.size());
        switch (below(3)) {
          case 0:
            text.erase(at, 1 + below(5));
            break;
          case 1:
            text.insert(at, tokens[below(tokens.size())]);
            break;
          default:
            text[at] = static_cast<char>(below(256));
        }
      }
    }
    try {
      parse_gin(text, "t.gin");
      ++accepted;
    } catch (const ConfigError&) {
    } catch (...) {
      FAIL() << "another exception than ConfigError for: " << text;
    }
  }
  EXPECT_GT(accepted, 500);
}

}  // namespace
}  // namespace accumbens
