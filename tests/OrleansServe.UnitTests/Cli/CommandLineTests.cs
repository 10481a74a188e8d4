using OrleansServe.Cli.Commands;
using OrleansServe.Cli.Rendering;

using OrleansServe.UnitTests.Model;

using Xunit;

namespace OrleansServe.UnitTests.Cli;

public sealed class CommandLineTests
{
    private static readonly string[] Names = ["demo", "serve", "chat", "generate", "usage", "economics", "inspect", "synth", "simulate", "bench"];

    public static TheoryData<string> Commands => [.. Names];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Help_EachCommand_EndsWithExamples(string command)
    {
        (int code, string output, string error) = await RunAsync("", command, "--help");

        Assert.Equal(0, code);
        Assert.Equal("", error);
        Assert.Contains("Usage:", output, StringComparison.Ordinal);
        Assert.Contains("Examples:", output, StringComparison.Ordinal);
        Assert.Contains($"./orleansserve {command}", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_Root_NamesEveryCommand()
    {
        (int code, string output, _) = await RunAsync("", "--help");

        Assert.Equal(0, code);
        Assert.All(Names, command => Assert.Contains($"  {command} ", output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Version_IsPrinted()
    {
        (int code, string output, _) = await RunAsync("", "--version");

        Assert.Equal(0, code);
        Assert.Matches(@"^\d+\.\d+\.\d+", output);
    }

    [Fact]
    public async Task Serve_MisspeltOption_SaysSoWithoutTheHelpOfFiftyOthers()
    {
        (int code, string output, string error) = await RunAsync("", "serve", "--max-batch-token", "7");

        Assert.Equal(1, code);
        string said = output + error;
        Assert.Contains("--max-batch-tokens", said, StringComparison.Ordinal);
        Assert.Contains("Unrecognized command or argument '--max-batch-token'.", error, StringComparison.Ordinal);
        Assert.InRange(said.Split('\n').Length, 2, 9);
    }

    [Theory]
    [InlineData("cook")]
    [InlineData("serve", "--colour", "red")]
    [InlineData("inspect")]
    [InlineData("generate", "--prompt", "a", "--prompt-file", "b")]
    [InlineData("generate", "--prompt", "a", "--max-tokens", "many")]
    [InlineData("generate", "--prompt", "a", "--logprobs", "3")]
    [InlineData("generate", "--prompt", "a", "--prompt-logprobs", "0")]
    [InlineData("generate", "--prompt", "a", "--logit-bias", "7")]
    [InlineData("generate", "--prompt", "a", "--logit-bias", "a=1")]
    [InlineData("generate", "--prompt", "a", "--logit-bias", "1=2=3")]
    [InlineData("generate", "--prompt", "a", "--n", "two")]
    [InlineData("generate", "--prompt", "a", "--priority", "urgent")]
    [InlineData("chat", "--priority", "1")]
    [InlineData("bench", "serve", "--priority", "Batch")]
    [InlineData("serve", "--port", "70000", "--threads", "x")]
    [InlineData("serve", "--roles", "decode")]
    [InlineData("chat", "--url", "ftp://x")]
    [InlineData("synth", "--preset", "nano")]
    [InlineData("synth", "--preset", "nano", "--seed", "-1", "--out", "x")]
    [InlineData("bench")]
    [InlineData("bench", "engine")]
    [InlineData("bench", "engine", "--model", "no-such-folder")]
    [InlineData("bench", "engine", "--model", "x", "--threads", "-1")]
    [InlineData("bench", "serve", "--requests", "0")]
    [InlineData("bench", "serve", "--rate", "0")]
    [InlineData("bench", "serve", "--rate", "fast")]
    [InlineData("bench", "serve", "--burstiness", "NaN")]
    [InlineData("bench", "serve", "--input-length", "9-3")]
    [InlineData("bench", "serve", "--ttft-target", "200")]
    [InlineData("bench", "serve", "--itl-target", "0ms")]
    [InlineData("bench", "serve", "--trace", "no-such-file")]
    [InlineData("bench", "serve", "--trace", "a", "--prompts", "b")]
    [InlineData("bench", "serve", "--trace", "a", "--speedup", "2", "--rate", "5")]
    [InlineData("bench", "serve", "--length-scale", "0.5")]
    [InlineData("bench", "serve", "--chat")]
    [InlineData("bench", "control", "--streams", "0")]
    [InlineData("bench", "control", "--step-interval", "0.5")]
    [InlineData("bench", "control", "--step-interval", "NaN")]
    [InlineData("bench", "control", "--prompt-tokens", "-1")]
    [InlineData("bench", "control", "--seconds", "0")]
    [InlineData("bench", "routing")]
    [InlineData("bench", "routing", "--trace", "no-such-file")]
    [InlineData("bench", "routing", "--trace", "a", "--workers", "0")]
    [InlineData("bench", "routing", "--trace", "a", "--blocks-per-worker", "-1")]
    [InlineData("bench", "routing", "--trace", "a", "--kv-block-tokens", "100")]
    [InlineData("bench", "routing", "--trace", "a", "--workers", "1024", "--blocks-per-worker", "4000000")]
    [InlineData("bench", "routing", "--trace", "a", "--tokens-per-second", "NaN")]
    [InlineData("inspect", "no-such-folder")]
    [InlineData("serve", "--model", "no-such-folder")]
    [InlineData("generate", "--prompt-file", "no-such-file")]
    public async Task Run_WrongArguments_FailsWithWordsAndNoStackTrace(params string[] arguments)
    {
        (int code, _, string error) = await RunAsync("", arguments);

        Assert.Equal(1, code);
        Assert.NotEqual("", error.Trim());
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("chat")]
    [InlineData("generate", "--prompt", "a")]
    [InlineData("bench", "serve")]
    public async Task Run_NobodyListens_SaysSoInOneLine(params string[] arguments)
    {
        // Port 1 of the loopback: reserved, and nobody serves it.
        (int code, _, string error) = await RunAsync("hello\n", [.. arguments, "--url", "http://127.0.0.1:1"]);

        Assert.Equal(1, code);
        string line = Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("error: no server answers at http://127.0.0.1:1/; start one with ./orleansserve serve, or name another with --url", line);
    }

    [Theory]
    [InlineData("error: --preset: there is no preset \"giant\", only nano, mini, lite", "--preset", "giant", "--out", "x")]
    [InlineData("error: --out: must name a folder", "--preset", "nano", "--out", " ")]
    public async Task Synth_WrongArguments_SaysSoInOneLine(string expected, params string[] arguments)
    {
        (int code, string output, string error) = await RunAsync("", ["synth", .. arguments]);

        Assert.Equal(1, code);
        Assert.Equal("", output);
        Assert.Equal(expected, error.TrimEnd('\n'));
    }

    [Fact]
    public async Task Synth_FolderInUse_NeedsForce()
    {
        using TemporaryFolder folder = new();
        string[] arguments = ["synth", "--preset", "nano", "--out", folder.FullPath];
        await File.WriteAllTextAsync(folder.File("notes.txt"), "mine");

        (int refused, _, string error) = await RunAsync("", arguments);
        (int forced, string output, _) = await RunAsync("", [.. arguments, "--force"]);

        Assert.Equal(1, refused);
        Assert.Equal($"error: {folder.FullPath} is not empty: name another folder, or replace the model in it with --force", error.TrimEnd('\n'));
        Assert.Equal(0, forced);
        Assert.StartsWith($"{folder.FullPath}: nano with seed 0, ", output, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(folder.File("notes.txt")));
    }

    internal static async Task<(int Code, string Output, string Error)> RunAsync(string input, params string[] arguments)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        using StringReader reader = new(input);
        Terminal terminal = new(output, error, reader);
        int code = await CommandLine.RunAsync(arguments, terminal, TimeProvider.System);
        return (code, output.ToString(), error.ToString());
    }
}
