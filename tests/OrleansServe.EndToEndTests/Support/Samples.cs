using Grpc.Core;
using OrleansServe.Protocol.V1;
using Xunit;

namespace OrleansServe.EndToEndTests.Support;

/// <summary>The stream of several answers to one prompt, read to its end.</summary>
/// <param name="TokenIds">By sample.</param>
/// <param name="Logprobs">By sample.</param>
/// <param name="Texts">By sample.</param>
/// <param name="Ends">By sample.</param>
/// <param name="Usage">Of all of them.</param>
internal sealed record Samples(
    IReadOnlyList<IReadOnlyList<int>> TokenIds,
    IReadOnlyList<IReadOnlyList<TokenLogprob>> Logprobs,
    IReadOnlyList<string> Texts,
    IReadOnlyList<Finished> Ends,
    Usage Usage)
{
    /// <summary>Reads a stream and checks its order: nothing of a sample after its end, usage with the last end alone.</summary>
    public static async Task<Samples> ReadAsync(AsyncServerStreamingCall<GenerateResponse> stream, int count)
    {
        using AsyncServerStreamingCall<GenerateResponse> call = stream;
        List<int>[] tokens = [.. Enumerable.Range(0, count).Select(_ => new List<int>())];
        List<TokenLogprob>[] logprobs = [.. Enumerable.Range(0, count).Select(_ => new List<TokenLogprob>())];
        string[] texts = [.. Enumerable.Repeat(string.Empty, count)];
        Finished?[] ends = new Finished?[count];
        Usage? usage = null;
        await foreach (GenerateResponse response in call.ResponseStream.ReadAllAsync())
        {
            Assert.Null(usage);
            if (response.Delta is { } delta)
            {
                Assert.Null(ends[delta.Index]);
                tokens[delta.Index].AddRange(delta.TokenIds);
                logprobs[delta.Index].AddRange(delta.Logprobs);
                texts[delta.Index] += delta.Text;
            }
            else if (response.Finished is { } end)
            {
                Assert.Null(ends[end.Index]);
                ends[end.Index] = end;
                usage = end.Usage;
            }
        }

        Assert.NotNull(usage);
        Assert.Equal(tokens.Sum(sample => sample.Count), usage.CompletionTokens);
        return new Samples(tokens, logprobs, texts, [.. ends.Select(end => Assert.IsType<Finished>(end))], usage);
    }
}
