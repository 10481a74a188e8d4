using OrleansServe.EndToEndTests.Support;
using OrleansServe.Model;
using OrleansServe.Silo.Hosting;
using OrleansServe.TestKit.Clusters;
using OrleansServe.TestKit.Processes;
using OrleansServe.TestKit.Servers;
using Xunit;

namespace OrleansServe.EndToEndTests.BadInput;

/// <summary>A model folder with a fault is refused before anything is served.</summary>
public sealed class BrokenModelTests
{
    public static TheoryData<string> Faults => [.. BrokenModel.Faults.Keys];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Build_BrokenFolder_SaysWhatIsWrongInOneLine(string fault)
    {
        using TemporaryFolder folder = BrokenModel.Create(fault);

        ModelFormatException error = await Assert.ThrowsAsync<ModelFormatException>(
            () => SiloHost.BuildAsync(ServerFixture.Defaults with { Model = folder.FullPath }, progress: null, CancellationToken.None));

        string line = Assert.Single(StartFault.Describe(error)!);
        Assert.All(BrokenModel.Faults[fault].Says, part => Assert.Contains(part, line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("missing folder")]
    [InlineData("truncated weights")]
    [InlineData("overlapping tensors")]
    [InlineData("wrong dtype")]
    [InlineData("wrong shape")]
    [InlineData("missing shard")]
    [InlineData("absurd sizes")]
    [InlineData("truncated tokenizer")]
    public async Task Serve_BrokenFolder_EndsWithOneLineAndServesNothing(string fault)
    {
        using TemporaryFolder folder = BrokenModel.Create(fault);
        (int grpc, int http) = (FreePort.Take(), FreePort.Take());

        ProcessResult result = await CommandLineProcess.RunAsync(["serve", "--model", folder.FullPath, "--port", $"{grpc}", "--http-port", $"{http}"]);

        Assert.Equal(1, result.ExitCode);
        Assert.Equal("", result.Output);
        string line = Assert.Single(result.ErrorLines);
        Assert.All(BrokenModel.Faults[fault].Says, part => Assert.Contains(part, line, StringComparison.Ordinal));
        Assert.Equal(line, result.Error.TrimEnd('\n').Split('\n')[^1]);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }
}
