using System.Text.Json;
using OrleansServe.Cli.Rendering;
using Xunit;

namespace OrleansServe.UnitTests.Cli;

public sealed class JsonLineWriterTests
{
    [Fact]
    public async Task Write_LinesInPieces_AreOneObjectEach()
    {
        using StringWriter output = new();
        await using (JsonLineWriter writer = new(output, TimeProvider.System))
        {
            writer.Write("open");
            writer.Write("ing\nsays \"");
            await writer.WriteLineAsync("hello\"\r");
            await writer.FlushAsync();
        }

        JsonElement[] lines = [.. output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(["opening", "says \"hello\""], lines.Select(line => line.GetProperty("Message").GetString()));
        Assert.All(lines, line => Assert.Equal("Information", line.GetProperty("LogLevel").GetString()));
        Assert.All(lines, line => Assert.Equal(DateTimeKind.Utc, line.GetProperty("Timestamp").GetDateTime().Kind));
    }
}
