#pragma once

#include <tao/pegtl.hpp>
#include <tao/pegtl/version.hpp>

#include "accumbens/config/gin_builder.h"

/// The rules of Gin's language for PEGTL: which text is a statement, not what it means.
namespace accumbens::gin {

namespace grammar {

using namespace tao::pegtl;
#if TAO_PEGTL_VERSION_MAJOR < 3
// PEGTL 2 (Ubuntu 22.04) does not ask rules for the rules inside them
struct empty_list {};
#endif

// ---- spaces: inside brackets a line end is one

struct comment : seq<one<'#'>, star<not_one<'\n'>>> {};
struct blank : sor<one<' ', '\t', '\f'>, seq<one<'\\'>, one<'\n'>, not_at<eof>>> {};
struct blanks : star<blank> {};
struct end_of_line : seq<opt<comment>, eolf> {};

struct in_brackets {
  using rule_t = in_brackets;
  using subs_t = empty_list;

  template <apply_mode, rewind_mode, template <typename...> class Action,
            template <typename...> class Control, typename Input>
  static bool match(Input&, Builder& builder) {
    return builder.in_brackets();
  }
};

struct free_gap : star<sor<blank, one<'\n'>, comment>> {};
struct gap : if_then_else<in_brackets, free_gap, blanks> {};

// ---- names

struct dotted : list<identifier, one<'.'>> {};
struct scoped : list<dotted, one<'/'>> {};

// ---- values

struct value;

struct digits : list<plus<digit>, one<'_'>> {};
template <char Lower, char Upper, typename Digit>
struct based : seq<one<'0'>, one<Lower, Upper>, opt<one<'_'>>, list<plus<Digit>, one<'_'>>> {};
struct hexadecimal : based<'x', 'X', xdigit> {};
struct octal : based<'o', 'O', range<'0', '7'>> {};
struct binary : based<'b', 'B', one<'0', '1'>> {};
struct exponent : seq<one<'e', 'E'>, opt<one<'+', '-'>>, digits> {};
struct floating : sor<seq<digits, one<'.'>, opt<digits>, opt<exponent>>,
                      seq<one<'.'>, digits, opt<exponent>>, seq<digits, exponent>> {};
struct decimal : sor<seq<at<range<'1', '9'>>, digits>, list<plus<one<'0'>>, one<'_'>>> {};
struct end_of_number : not_at<sor<identifier_other, one<'.'>>> {};
struct number : seq<sor<hexadecimal, octal, binary, floating, decimal>, must<end_of_number>> {};
struct minus : one<'-'> {};
struct negated : seq<number> {};
struct negative_number : seq<minus, gap, must<negated>> {};

template <char Quote>
struct closing_quote : one<Quote> {};
template <char Quote>
struct closing_quotes : rep<3, one<Quote>> {};
struct escaped : seq<one<'\\'>, any> {};
template <char Quote>
struct short_string
    : seq<one<Quote>, star<sor<escaped, not_one<Quote, '\\', '\n'>>>, must<closing_quote<Quote>>> {
};
template <char Quote>
struct long_string : seq<rep<3, one<Quote>>, star<not_at<closing_quotes<Quote>>, sor<escaped, any>>,
                         must<closing_quotes<Quote>>> {};
struct string_prefix : seq<one<'r', 'R', 'u', 'U'>, at<one<'\'', '"'>>> {};
struct quoted
    : seq<opt<string_prefix>,
          sor<long_string<'\''>, long_string<'"'>, short_string<'\''>, short_string<'"'>>> {};
struct joined_strings : seq<quoted, star<gap, quoted>> {};
struct string_value : seq<joined_strings> {};

struct reference_name : scoped {};
struct closing_call : one<')'> {};
struct reference_call : seq<blanks, one<'('>, free_gap, must<closing_call>> {};
struct reference : seq<one<'@'>, blanks, must<reference_name>, opt<reference_call>> {};

struct constant_name : scoped {};
struct constant : seq<one<'%'>, blanks, must<constant_name>> {};

struct word : identifier {};  // True, False, None

template <char Bracket>
struct opening : one<Bracket> {};
template <char Bracket>
struct closing : one<Bracket> {};
struct comma : one<','> {};
template <typename Item>
struct items : seq<gap, opt<Item, gap, star<comma, gap, Item, gap>, opt<comma, gap>>> {};
struct list_literal : seq<opening<'['>, items<value>, must<closing<']'>>> {};
struct tuple_literal : seq<opening<'('>, items<value>, must<closing<')'>>> {};
struct dict_key : seq<success, value> {};  // alone value would have to be complete for PEGTL 2
struct colon : one<':'> {};
struct dict_item : seq<dict_key, gap, must<colon>, gap, must<value>> {};
struct dict_literal : seq<opening<'{'>, items<dict_item>, must<closing<'}'>>> {};

struct value : sor<list_literal, tuple_literal, dict_literal, negative_number, number, string_value,
                   reference, constant, word> {};

// ---- statements

struct bound_value : seq<value> {};
struct key : seq<star<identifier, one<'/'>>, dotted> {};
struct binding : seq<one<'='>, blanks, must<bound_value>, blanks, must<end_of_line>> {};

// the lines of a block share an indentation; the builder keeps it
struct indentation {
  using rule_t = indentation;
  using subs_t = empty_list;

  template <apply_mode, rewind_mode, template <typename...> class Action,
            template <typename...> class Control, typename Input>
  static bool match(Input& in, Builder& builder) {
    size_t width = 0;
    while (width < in.size(width + 1) &&
           (in.peek_char(width) == ' ' || in.peek_char(width) == '\t')) {
      ++width;
    }
    if (width <= builder.header_indentation) return false;
    if (!builder.block_indentation) builder.block_indentation = width;
    if (width != *builder.block_indentation) {
      builder.fail(in.current() + width, "the indentation differs from the lines above");
    }
    in.bump_in_this_line(width);
    return true;
  }
};
struct empty_lines : star<not_at<eof>, blanks, end_of_line> {};
struct parameter : identifier {};
struct equals : one<'='> {};
struct block_binding : seq<must<parameter>, blanks, must<equals>, blanks, must<bound_value>, blanks,
                           must<end_of_line>> {};
struct first_indentation : seq<empty_lines, indentation> {};
struct block_start : one<':'> {};
struct block : seq<block_start, blanks, must<end_of_line>, must<first_indentation>, block_binding,
                   star<empty_lines, indentation, block_binding>> {};

struct binding_or_block : sor<binding, block> {};
struct keyed : seq<key, blanks, must<binding_or_block>> {};

// import, from and include may also be names that are bound
struct import_word : seq<at<TAO_PEGTL_KEYWORD("import")>, TAO_PEGTL_STRING("import")> {};
struct from_word : TAO_PEGTL_STRING("from") {};
struct include_word : TAO_PEGTL_STRING("include") {};
struct as_word : TAO_PEGTL_STRING("as") {};
template <typename Word>
struct keyword : seq<Word, plus<blank>, not_at<one<'=', ':'>>> {};
struct module_name : dotted {};
struct imported_name : identifier {};
struct alias_name : identifier {};
struct alias : opt<plus<blank>, as_word, plus<blank>, must<alias_name>> {};
struct import : seq<keyword<import_word>, must<module_name>, alias> {};
struct from_import : seq<keyword<from_word>, must<module_name>, blanks, must<import_word>, blanks,
                         must<imported_name>, alias> {};
struct included_file : joined_strings {};
struct include_start : sor<keyword<include_word>, seq<include_word, at<one<'\'', '"'>>>> {};
struct include : seq<include_start, must<included_file>> {};
struct directive : seq<sor<import, from_import, include>, blanks, must<end_of_line>> {};

struct statement : sor<directive, keyed> {};
struct file : until<eof, blanks, sor<end_of_line, must<statement>>> {};

}  // namespace grammar

// ---- what was expected where a rule had to match

template <typename Rule>
inline constexpr const char* kExpected = nullptr;

template <>
inline constexpr const char* kExpected<grammar::end_of_number> =
    "a number like 250_000, 0.25, 6.25e-5 or 0x10";
template <>
inline constexpr const char* kExpected<grammar::negated> = "a number after '-'";
template <>
inline constexpr const char* kExpected<grammar::closing_quote<'\''>> = "' to end the string";
template <>
inline constexpr const char* kExpected<grammar::closing_quote<'"'>> = "\" to end the string";
template <>
inline constexpr const char* kExpected<grammar::closing_quotes<'\''>> = "''' to end the string";
template <>
inline constexpr const char* kExpected<grammar::closing_quotes<'"'>> = "\"\"\" to end the string";
template <>
inline constexpr const char* kExpected<grammar::reference_name> =
    "the name of a configurable after '@'";
template <>
inline constexpr const char* kExpected<grammar::closing_call> =
    "')', as a reference is called without arguments";
template <>
inline constexpr const char* kExpected<grammar::constant_name> =
    "the name of a constant or macro after '%'";
template <>
inline constexpr const char* kExpected<grammar::closing<']'>> = "a value, ',' or ']'";
template <>
inline constexpr const char* kExpected<grammar::closing<')'>> = "a value, ',' or ')'";
template <>
inline constexpr const char* kExpected<grammar::closing<'}'>> = "'key: value', ',' or '}'";
template <>
inline constexpr const char* kExpected<grammar::colon> = "':' after the key";
template <>
inline constexpr const char* kExpected<grammar::value> = "a value after ':'";
template <>
inline constexpr const char* kExpected<grammar::bound_value> =
    "a value (a number, string, list, tuple, dict, True, False, None, @reference or %constant)";
template <>
inline constexpr const char* kExpected<grammar::end_of_line> = "the end of the line";
template <>
inline constexpr const char* kExpected<grammar::first_indentation> =
    "an indented line 'parameter = value'";
template <>
inline constexpr const char* kExpected<grammar::parameter> = "the name of a parameter";
template <>
inline constexpr const char* kExpected<grammar::equals> = "'='";
template <>
inline constexpr const char* kExpected<grammar::binding_or_block> = "'=' and a value";
template <>
inline constexpr const char* kExpected<grammar::module_name> = "the name of a module";
template <>
inline constexpr const char* kExpected<grammar::import_word> = "'import'";
template <>
inline constexpr const char* kExpected<grammar::imported_name> = "the name of what to import";
template <>
inline constexpr const char* kExpected<grammar::alias_name> = "a name after 'as'";
template <>
inline constexpr const char* kExpected<grammar::included_file> = "a file name in quotes";
template <>
inline constexpr const char* kExpected<grammar::statement> =
    "'Name.parameter = value', 'NAME = value', import or include";

}  // namespace accumbens::gin
