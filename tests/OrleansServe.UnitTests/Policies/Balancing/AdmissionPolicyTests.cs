using OrleansServe.Policies.Balancing;
using Xunit;

namespace OrleansServe.UnitTests.Policies.Balancing;

public sealed class AdmissionPolicyTests
{
    private static readonly AdmissionLimits Limits = new(MaxQueuedTokens: 1000, MaxRequestsPerDecodeWorker: 4, Overcommit: 0);

    [Fact]
    public void Decide_CachedPrefix_OutweighsAShorterQueue()
    {
        PrefillCandidate[] prefill = [new(0, 0, 100), new(4, 100, 100)];
        AdmissionDecision decision = AdmissionPolicy.Decide(300, 10, prefill, [new(0, 100, 0)], Limits);
        Assert.Equal(AdmissionVerdict.Admit, decision.Verdict);
        Assert.Equal(1, decision.PrefillIndex);
    }

    [Fact]
    public void Decide_DecodeWorkers_TakesTheSmallestShareOfKvInUse()
    {
        DecodeCandidate[] decode = [new(50, 100, 1), new(60, 200, 3), new(30, 100, 2)];
        Assert.Equal(2, AdmissionPolicy.Decide(64, 10, [new(0, 0, 100)], decode, Limits).DecodeIndex);
    }

    [Fact]
    public void Decide_EqualUse_TakesTheFewestRequests()
    {
        DecodeCandidate[] decode = [new(50, 100, 2), new(100, 200, 1)];
        Assert.Equal(1, AdmissionPolicy.Decide(64, 10, [new(0, 0, 100)], decode, Limits).DecodeIndex);
    }

    [Fact]
    public void Decide_NoWorkerOfARole_SaysWhich()
    {
        Assert.Contains("prefill", Refused([], [new(0, 10, 0)], AdmissionVerdict.NoWorkers), StringComparison.Ordinal);
        Assert.Contains("decode", Refused([new(0, 0, 10)], [], AdmissionVerdict.NoWorkers), StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_FitsNoIdleWorker_IsTooLargeWithTheNumbers()
    {
        Assert.Equal(
            "the prompt of 64 tokens needs 1 KV blocks; the largest prefill worker has 0",
            Refused([new(0, 0, 0)], [new(0, 10, 0)], AdmissionVerdict.TooLarge));
        Assert.Equal(
            "a prompt of 64 tokens and max_tokens 100 need 3 KV blocks; the largest decode worker has 2",
            Refused([new(0, 0, 10)], [new(0, 2, 0)], AdmissionVerdict.TooLarge));
    }

    [Fact]
    public void Decide_WorkersBusy_Waits()
    {
        Refused([new(0, 999, 10)], [new(0, 10, 0)], AdmissionVerdict.Wait);
        Refused([new(0, 0, 10)], [new(8, 10, 0)], AdmissionVerdict.Wait);
        Refused([new(0, 0, 10)], [new(0, 10, 4)], AdmissionVerdict.Wait);
    }

    [Fact]
    public void Decide_IdlePrefillWorker_TakesAPromptOverItsQueueLimit() =>
        Assert.Equal(AdmissionVerdict.Admit, AdmissionPolicy.Decide(5000, 1, [new(0, 0, 100)], [new(0, 100, 0)], Limits).Verdict);

    private static string Refused(PrefillCandidate[] prefill, DecodeCandidate[] decode, AdmissionVerdict verdict)
    {
        AdmissionDecision decision = AdmissionPolicy.Decide(64, 100, prefill, decode, Limits);
        Assert.Equal(verdict, decision.Verdict);
        Assert.Equal(-1, decision.PrefillIndex);
        return decision.Reason!;
    }
}
