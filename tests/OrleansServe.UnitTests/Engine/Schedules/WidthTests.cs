using System.Diagnostics;
using Xunit;

namespace OrleansServe.UnitTests.Engine.Schedules;

/// <summary>Whole answers have the same bits on processors of every vector width: the tests run themselves with instructions switched off.</summary>
public sealed class WidthTests
{
    private const int Worlds = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly Lazy<string[]> Here = new(() => [.. WidthDigests.Of(Worlds)]);

    [Theory]
    [InlineData(256, "EnableAVX512F", "EnableAVX512")]
    [InlineData(0, "EnableHWIntrinsic")]
    public async Task Run_OtherVectorWidth_GivesTheSameBits(int width, params string[] off)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { "exec", typeof(WidthTests).Assembly.Location, $"{Worlds}" })
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var set in off)
        {
            start.Environment["DOTNET_" + set] = "0";
        }

        using var child = Process.Start(start)!;
        var (output, errors) = (child.StandardOutput.ReadToEndAsync(), child.StandardError.ReadToEndAsync());
        await child.WaitForExitAsync().WaitAsync(Patience);
        Assert.True(child.ExitCode == 0, await errors);
        var lines = (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Math.Min(width, WidthDigests.Width), int.Parse(lines[0], System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(Here.Value, lines[1..]);
    }
}
