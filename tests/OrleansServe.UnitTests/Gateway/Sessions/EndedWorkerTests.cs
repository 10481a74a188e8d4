using Grpc.Core;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway;
using OrleansServe.Transfer.Tokens;
using Xunit;

namespace OrleansServe.UnitTests.Gateway.Sessions;

/// <summary>Workers that say they end, which a silo's stop makes them say before anybody misses it.</summary>
public sealed class EndedWorkerTests : IDisposable
{
    private const int Retries = 2;
    private const string Reason = "worker w is stopping";

    private readonly SessionHarness _harness = new(Retries, resumes: 1);

    public void Dispose() => _harness.Dispose();

    [Theory]
    [InlineData("reserve")]
    [InlineData("prefill")]
    [InlineData("decode")]
    [InlineData("stream")]
    public async Task Run_MoreWorkersEndThanRetries_GoesOnLikeARequestThatLostThem(string phase)
    {
        Fail(phase, attempts: Retries + 1, ended: true);

        await _harness.RunAsync(SessionHarness.Request());

        Assert.Equal("a", _harness.Stream.Text);
        _harness.AssertAllReleased(attempts: Retries + 2, reservations: phase == "reserve" ? 1 : Retries + 2);
    }

    [Theory]
    [InlineData("reserve")]
    [InlineData("prefill")]
    [InlineData("decode")]
    public async Task Run_MoreWorkersRefuseThanRetries_GivesUp(string phase)
    {
        Fail(phase, attempts: Retries + 1, ended: false);

        RequestRejectedException rejection = await Assert.ThrowsAsync<RequestRejectedException>(() => _harness.RunAsync(SessionHarness.Request()));

        Assert.Equal(StatusCode.Unavailable, rejection.Status);
        _harness.AssertAllReleased(attempts: Retries + 1, reserved: phase != "reserve");
    }

    [Fact]
    public async Task Run_WorkersEndWithoutEnd_GivesUpWhenTheBudgetIsSpent()
    {
        Fail("prefill", attempts: int.MaxValue, ended: true);

        RequestRejectedException rejection = await Assert.ThrowsAsync<RequestRejectedException>(() => _harness.RunAsync(SessionHarness.Request()));

        Assert.Equal(StatusCode.Unavailable, rejection.Status);
        _harness.AssertAllReleased(attempts: Retries + 2);
    }

    /// <summary>Lets the first attempts fail in a phase; the next ends after one token.</summary>
    private void Fail(string phase, int attempts, bool ended)
    {
        FakeCluster cluster = _harness.Cluster;
        Func<WorkerId, ReserveRequest, CancellationToken, Task<ReserveResult>> reserve = cluster.OnReserve;
        int made = 0;
        cluster.OnReserve = (worker, request, token) => phase == "reserve" && made++ < attempts
            ? Task.FromResult(new ReserveResult(null, Reason, true) { Ended = ended })
            : reserve(worker, request, token);
        cluster.OnPrefill = async (_, request, token) =>
        {
            if (phase == "stream" && made++ < attempts)
            {
                TokenFrame frame = new();
                frame.AddFailure(request.RequestId, 0, Reason, TokenStreamEnd.HandedOver);
                _harness.SendFrame(frame);
                await Task.Delay(Timeout.Infinite, token);
            }

            return phase == "prefill" && made++ < attempts
                ? new PrefillResult(null, 0, TimeSpan.Zero, Reason, true) { Ended = ended }
                : FakeCluster.First('a');
        };
        cluster.OnDecode = (_, request, _) =>
        {
            if (phase == "decode" && made++ < attempts)
            {
                return Task.FromResult(new DecodeResult(false, Reason, true) { Ended = ended });
            }

            _harness.Send(request.RequestId, [TinyModel.End], TokenStreamEnd.StopToken);
            return Task.FromResult(new DecodeResult(true, null, false));
        };
    }
}
