using OrleansServe.Cli.Bench.Serving.Files;
using OrleansServe.Cli.Bench.Serving.Workloads;
using OrleansServe.Cli.Client;
using OrleansServe.UnitTests.Model;
using Xunit;

namespace OrleansServe.UnitTests.Cli.Bench.Serving.Files;

public sealed class PromptFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_Text_IsAPromptALine() =>
        Assert.Equal([new FilePrompt("What is 1 + 1?", null), new FilePrompt("{\"prompt\": 1}", null)], PromptFile.Read(Write("a.txt", "What is 1 + 1?\r\n\n{\"prompt\": 1}")));

    [Fact]
    public void Read_JsonLines_TakesLengthsWhereTheyAre() => Assert.Equal(
        [new FilePrompt("two\nlines", 5), new FilePrompt("é", null)],
        PromptFile.Read(Write("a.jsonl", "{\"prompt\": \"two\\nlines\", \"output_tokens\": 5}\n{\"prompt\": \"\\u00e9\", \"id\": [1]}\n")));

    [Theory]
    [InlineData("a.jsonl", "{}", "prompt is missing")]
    [InlineData("a.jsonl", "{\"prompt\": \"\"}", "prompt must be a text that is not empty, is \"\"")]
    [InlineData("a.jsonl", "{\"prompt\": [1]}", "prompt must be a text that is not empty, is [1]")]
    [InlineData("a.jsonl", "{\"prompt\": \"\\ud800\"}", "prompt is no valid text")]
    [InlineData("a.jsonl", "{\"prompt\": \"a\", \"output_tokens\": 0}", "output_tokens must be an integer from 1 to 4194304, is 0")]
    [InlineData("a.jsonl", "a", "is not JSON")]
    public void Read_WrongLine_NamesLineFieldAndValue(string name, string line, string expected)
    {
        string path = Write(name, line);

        CommandFailedException fault = Assert.Throws<CommandFailedException>(() => PromptFile.Read(path));

        Assert.StartsWith($"{path}:1: {expected}", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NotUtf8_NamesTheLine()
    {
        string path = _folder.File("a.txt");
        File.WriteAllBytes(path, [(byte)'a', (byte)'\n', 0xC3, 0x28]);

        CommandFailedException fault = Assert.Throws<CommandFailedException>(() => PromptFile.Read(path));

        Assert.Equal($"{path}:2: is not UTF-8", fault.Message);
    }

    [Fact]
    public void Read_LongLines_AreWhole()
    {
        string[] lines = [.. Enumerable.Range(0, 50).Select(i => new string((char)('a' + (i % 26)), 1 + (i * 7919 % 200_000)))];

        IReadOnlyList<FilePrompt> prompts = PromptFile.Read(Write("long.txt", string.Join('\n', lines)));

        Assert.Equal(lines, prompts.Select(prompt => prompt.Text));
    }

    [Fact]
    public void Read_NoSuchFile_NamesIt() =>
        Assert.Contains("no-such-file", Assert.Throws<CommandFailedException>(() => PromptFile.Read(_folder.File("no-such-file"))).Message, StringComparison.Ordinal);

    private string Write(string name, string content)
    {
        string path = _folder.File(name);
        File.WriteAllText(path, content);
        return path;
    }
}
