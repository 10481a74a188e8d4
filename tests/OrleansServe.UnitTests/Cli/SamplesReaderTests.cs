using OrleansServe.Cli.Client;
using OrleansServe.Protocol.V1;

using Xunit;

namespace OrleansServe.UnitTests.Cli;

public sealed class SamplesReaderTests
{
    private static readonly GenerateResponse Begin = new() { Started = new Started { RequestId = "r" } };

    [Fact]
    public async Task ReadAsync_MixedStream_GivesTheTextsInOrderOfIndex() =>
        Assert.Equal(["ac", "", "b"], await ReadAsync(Begin, Text(2, "b"), Text(0, "a"), End(1), End(2), Text(0, "c"), End(0, last: true)));

    [Fact]
    public async Task ReadAsync_EndsBeforeTheLastSample_Fails() =>
        await Assert.ThrowsAsync<CommandFailedException>(() => ReadAsync(Begin, Text(0, "a"), Text(1, "b"), End(0)));

    private static GenerateResponse Text(int index, string text) => new() { Delta = new Delta { Index = index, Text = text } };

    private static GenerateResponse End(int index, bool last = false) =>
        new() { Finished = new Finished { Index = index, Reason = Finished.Types.Reason.Stop, Usage = last ? new Usage() : null } };

    private static Task<IReadOnlyList<string>> ReadAsync(params GenerateResponse[] responses)
    {
        return SamplesReader.ReadAsync(Stream(), CancellationToken.None);

        async IAsyncEnumerable<GenerateResponse> Stream()
        {
            await Task.Yield();
            foreach (GenerateResponse response in responses)
            {
                yield return response;
            }
        }
    }
}
