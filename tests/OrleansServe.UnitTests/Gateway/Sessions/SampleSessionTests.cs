using OrleansServe.Gateway.Sessions;
using OrleansServe.Protocol.V1;
using OrleansServe.Transfer.Tokens;
using Xunit;
using Reason = OrleansServe.Protocol.V1.Finished.Types.Reason;

namespace OrleansServe.UnitTests.Gateway.Sessions;

/// <summary>Several samples of one request on one stream.</summary>
public sealed class SampleSessionTests : IDisposable
{
    private readonly SessionHarness _harness = new();

    public void Dispose() => _harness.Dispose();

    [Fact]
    public async Task Run_SamplesInterleaved_GivesEachItsTextAndCountsThePromptOnce()
    {
        Generation request = SessionHarness.Request(maxTokens: 3, ignoreEos: true) with { Samples = 3 };
        _harness.OnDecode(request, send =>
        {
            send(1, 0, 'x', TokenStreamEnd.None);
            send(2, 0, 'r', TokenStreamEnd.None);
            send(0, 1, 'b', TokenStreamEnd.None);
            send(1, 1, 'y', TokenStreamEnd.None);
            send(1, 2, 'z', TokenStreamEnd.Length);
            send(0, 2, 'c', TokenStreamEnd.Length);
            send(2, 1, 's', TokenStreamEnd.None);
            send(2, 2, 't', TokenStreamEnd.Length);
        });

        Finished last = await _harness.RunAsync(request);

        Assert.Equal(["abc", "xyz", "rst"], Texts(3));
        Assert.Equal([1, 0, 2], Ends().Select(end => end.Index));
        Assert.All(Ends(), end => Assert.Equal(Reason.Length, end.Reason));
        Assert.Equal((2, 9), (last.Usage.PromptTokens, last.Usage.CompletionTokens));
        Assert.Equal([false, false, true], Ends().Select(end => end.Usage is not null));
        Assert.Equal([3], _harness.Cluster.Admissions.Select(admission => admission.Samples));
        _harness.AssertAllReleased();
        Assert.Equal(9, _harness.Measured.CompletionTokens.Value);
    }

    [Fact]
    public async Task Run_OneTokenEach_AsksTheDecodeWorkerForTheOthers()
    {
        Generation request = SessionHarness.Request(maxTokens: 1, ignoreEos: true) with { Samples = 2 };
        _harness.OnDecode(request, send => send(1, 0, 'x', TokenStreamEnd.Length));

        await _harness.RunAsync(request);

        Assert.Equal(["a", "x"], Texts(2));
        Assert.Equal([0, 1], Ends().Select(end => end.Index));
        _harness.AssertAllReleased();
    }

    [Fact]
    public async Task Run_FirstTokenOfSampleZeroEndsIt_TheOthersGoOn()
    {
        Generation request = SessionHarness.Request(stopTokens: ['a']) with { Samples = 2 };
        _harness.OnDecode(request, send =>
        {
            send(1, 0, 'x', TokenStreamEnd.None);
            send(1, 1, 'a', TokenStreamEnd.StopToken);
        });

        await _harness.RunAsync(request);

        Assert.Equal([string.Empty, "x"], Texts(2));
        Assert.Equal((int)'a', Ends()[0].StopTokenId);
        _harness.AssertAllReleased();
    }

    [Fact]
    public async Task Run_StopStringInOneSample_EndsThatOneAtItsWorkerAndDropsWhatComesLate()
    {
        Generation request = SessionHarness.Request(maxTokens: 3, stopStrings: ["!"], ignoreEos: true) with { Samples = 2 };
        _harness.OnDecode(request, send =>
        {
            send(1, 0, '!', TokenStreamEnd.None);
            send(1, 1, 'n', TokenStreamEnd.None);
            send(0, 1, 'b', TokenStreamEnd.None);
            send(0, 2, 'c', TokenStreamEnd.Length);
        });

        await _harness.RunAsync(request);

        Assert.Equal(["abc", string.Empty], Texts(2));
        Assert.Equal("!", Ends()[0].StopString);
        Assert.Equal(1, _harness.Cluster.Count($"release-sample 1 {FakeCluster.Decode0}"));
        Assert.Equal(0, _harness.Cluster.Count($"release-sample 0 {FakeCluster.Decode0}"));
        _harness.AssertAllReleased();
    }

    [Fact]
    public async Task Run_OneSampleFails_EndsTheRequestWithTheWorkersReason()
    {
        Generation request = SessionHarness.Request(ignoreEos: true) with { Samples = 2 };
        _harness.OnDecode(request, send => send(1, 0, 'x', TokenStreamEnd.Failed));

        OrleansServe.Gateway.RequestRejectedException rejection =
            await Assert.ThrowsAsync<OrleansServe.Gateway.RequestRejectedException>(() => _harness.RunAsync(request));

        Assert.Contains("layer 3", rejection.Message, StringComparison.Ordinal);
        _harness.AssertAllReleased();
    }

    private string[] Texts(int samples) =>
        [.. Enumerable.Range(0, samples).Select(sample => string.Concat(_harness.Stream.Deltas.Where(delta => delta.Index == sample).Select(delta => delta.Text)))];

    private Finished[] Ends() => [.. _harness.Stream.Messages.Where(message => message.Finished is not null).Select(message => message.Finished)];
}
