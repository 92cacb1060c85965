using System.Diagnostics;
using System.Text;
using Witan.Dstack.ComposeCheck;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.ComposeCheck;

public class HostileYamlTests
{
    [Fact]
    public void An_alias_bomb_is_refused_without_being_expanded()
    {
        var text = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 40; i++)
            text.Append($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 9))}]\n");
        Refused(text.ToString(), "aliases stand for more than");
    }

    [Fact]
    public void An_alias_inside_its_own_anchor_is_refused() =>
        Refused("services: &s\n  worker: *s\n", "inside its own anchor");

    [Fact]
    public void An_alias_to_nothing_is_refused_at_its_place()
    {
        ComposeFinding found = Assert.Single(ComposeChecker.Check("services:\n  worker: *none\n", new ComposeCheckOptions()).Findings);
        Assert.Equal((2, 11), (found.Line, found.Column));
    }

    [Fact]
    public void Deep_nesting_is_refused() => Refused(new string('[', 20_000), "nested deeper");

    [Fact]
    public void Too_many_nodes_are_refused() => Refused($"a: [{string.Join(',', Enumerable.Repeat("1", 150_000))}]", "more than 100000 nodes");

    [Fact]
    public void Too_much_text_is_refused() => Refused("a: " + new string('x', 2 << 20), "longer than");

    [Fact]
    public void Many_services_that_extend_a_long_one_are_refused()
    {
        var text = new StringBuilder("services:\n  base:\n    image: a\n    volumes: [");
        text.AppendJoin(',', Enumerable.Repeat("'a:/b'", 20_000)).Append("]\n");
        for (int i = 0; i < 5_000; i++)
            text.Append($"  s{i}: {{extends: base}}\n");
        Refused(text.ToString(), "its services stand for more than");
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("just text")]
    [InlineData("- a\n- list\n")]
    [InlineData("services:\n\tworker: {}\n")]
    [InlineData("a: \"\\U0011FFFF\"")]
    [InlineData("%YAML 9.9\n---\na: b")]
    [InlineData("a: 'unclosed")]
    [InlineData("? [complex]\n: key\n")]
    public void What_is_no_compose_file_is_an_error_with_a_place(string text)
    {
        ComposeReport report = ComposeChecker.Check(text, new ComposeCheckOptions());
        Assert.False(report.Passed);
        Assert.All(report.Findings, found => Assert.True(found is { Line: >= 1, Column: >= 1 }));
    }

    [Theory]
    [InlineData("services: [a]")]
    [InlineData("services: {worker: [a], b: text, c: }")]
    [InlineData("services: {worker: {volumes: {a: b}, environment: text, ports: x, labels: 1, logging: [], extends: [a]}}")]
    [InlineData("services: {a: {extends: b}, b: {extends: a}}")]
    [InlineData("services: {a: {<<: text, image: x}}")]
    [InlineData("volumes: text\nservices: {a: {volumes: ['x:/y']}}")]
    public void Shapes_that_nobody_meant_do_not_throw(string text) =>
        Assert.NotEmpty(ComposeChecker.Check(text, new ComposeCheckOptions { EnvironmentNames = new HashSet<string>() }).Findings);

    [Fact]
    public void No_cut_and_no_changed_character_makes_the_check_or_the_fix_throw()
    {
        const string text = ComposeCheckerTests.Snippet + "x: &a {b: \"${C:-d}\", <<: [*e]}\n--- !t |\n  z\n";
        foreach (char put in "\0\t\r\n:#&*!|>'\"%@`{}[],?-\ud800é\u2028")
        {
            for (int i = 0; i < text.Length; i += 3)
            {
                string changed = text[..i] + put + text[(i + 1)..];
                ComposeChecker.Fix(changed, new ComposeCheckOptions());
                ComposeChecker.Check(text[..i] + put, new ComposeCheckOptions());
            }
        }
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void A_fix_keeps_comments_order_and_line_ends(string end)
    {
        string text = """
            # ours
            services:
              # the one
              worker:   # inline
                image: "a:1" # pinned later
                environment: {A: 'b'}   # flow

              trustee: {image: b}
            # end
            """.ReplaceLineEndings(end);
        string mended = ComposeChecker.Fix(text, new ComposeCheckOptions());
        Snapshot.Match("fixed-compose.yml", mended);
        Assert.Equal(end == "\r\n", mended.Contains('\r'));
        Assert.DoesNotContain(mended.ReplaceLineEndings("\n"), "\r");
        Assert.True(ComposeChecker.Check(mended, new ComposeCheckOptions()).Passed);
        Assert.Equal(mended, ComposeChecker.Fix(mended, new ComposeCheckOptions()));
    }

    [Fact]
    public void A_fix_fills_a_key_that_stands_there_empty()
    {
        string text = "services:\n  worker:\n    image: a\n    platform: # which\n    volumes:   # what\n    restart:\n";
        Assert.Equal(
            "services:\n  worker:\n    image: a\n    platform: linux/amd64 # which\n    volumes:   # what\n"
            + "      - /var/run/dstack.sock:/var/run/dstack.sock\n    restart: always\n",
            ComposeChecker.Fix(text, new ComposeCheckOptions()));
    }

    [Fact]
    public void A_fix_never_changes_another_service_through_an_alias()
    {
        const string text = "services:\n  a: &a {image: x, restart: 'no'}\n  worker: *a\n";
        Assert.DoesNotContain("dstack.sock", ComposeChecker.Fix(text, new ComposeCheckOptions()));
    }

    private static void Refused(string text, string message)
    {
        var clock = Stopwatch.StartNew();
        ComposeFinding found = Assert.Single(ComposeChecker.Check(text, new ComposeCheckOptions()).Findings);
        Assert.Equal("COMPOSE_NOT_READ", found.Finding.Code);
        Assert.Contains(message, found.Finding.Message);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), $"took {clock.Elapsed}");
    }
}
