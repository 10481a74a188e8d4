using System.Collections.Immutable;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Scheduling;
using OrleansServe.Policies.Balancing;
using OrleansServe.Policies.Batching;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Scheduling;

public sealed class AdmissionBookTests
{
    private readonly WorkerTable _table = new(TimeProvider.System);

    [Fact]
    public void TryAdmit_ReportedBlocks_DecideThePrefillWorker()
    {
        Report("a", 1);
        Report("b", 1, added: [1, 2]);
        Assert.Equal("b", Admit(1, 2));

        Report("b", 2, removed: [1, 2]);
        Report("a", 2, added: [1, 2]);
        Assert.Equal("a", Admit(1, 2));
    }

    [Fact]
    public void TryAdmit_ReportInFull_ReplacesWhatWasHeld()
    {
        Report("a", 1);
        Report("b", 1, added: [1, 2]);
        Report("b", 1, incarnation: 2, added: [3, 4]);
        Report("a", 2, added: [1]);
        Assert.Equal("a", Admit(1, 2));
        Assert.Equal("b", Admit(3, 4));
    }

    [Fact]
    public void TryAdmit_WorkerExpiredAndBack_StartsEmpty()
    {
        Report("b", 1, added: [1, 2]);
        _table.Expire(TimeSpan.MaxValue, entry => entry.Report.Worker.Node == "b");
        Report("a", 1, added: [1]);
        Report("b", 1, incarnation: 2);
        Assert.Equal("a", Admit(1, 2));
    }

    [Theory]
    [InlineData("a", "b", "c")]
    [InlineData("c", "b", "a")]
    [InlineData("b", "c", "a")]
    public void TryAdmit_EqualWorkers_TakesTheFirstKeyWhateverReportedFirst(params string[] order)
    {
        foreach (string node in order)
        {
            Report(node, 1);
        }

        Assert.Equal("a", Admit(1, 2));
    }

    [Fact]
    public void TryAdmit_ManyNewPrompts_SpreadsTheirTokens()
    {
        Report("a", 1);
        Report("b", 1);
        Report("c", 1);
        Dictionary<string, int> served = [];
        for (uint request = 0; request < 30; request++)
        {
            string node = Admit((request * 2) + 1000, (request * 2) + 1001);
            served[node] = served.GetValueOrDefault(node) + 1;
        }

        Assert.Equal([10, 10, 10], served.Values);
    }

    [Fact]
    public void TryAdmit_WorkersThatAreToStop_AreTakenOnlyWhereThereIsNoOther()
    {
        Report("a", 1, added: [1, 2], draining: true);
        Assert.Equal("a", Admit(1, 2));

        Report("b", 1);
        Assert.Equal("b", Admit(1, 2));
    }

    [Fact]
    public void TryAdmit_WorkersOfAnotherVersionOnly_SaysThatTheyAreThere()
    {
        Report("a", 1);
        AdmissionBook book = new(_table, new TenantAccounts(), new AdmissionLimits(10_000, 64, 0), TimeSpan.Zero);

        Admission refusal = book.TryAdmit(Request("of another version"), null)!;

        Assert.Equal(AdmissionOutcome.NoWorkers, refusal.Outcome);
        Assert.Equal("no prefill worker is available (there are 2 of other weights or another KV format)", refusal.Reason);
    }

    private static AdmissionRequest Request(string kvFormat, params UInt128[] names) =>
        new(Guid.NewGuid(), "gateway", (names.Length * 64) + 1, 8, [.. names], kvFormat, ImmutableArray<WorkerId>.Empty, SchedulingSettings.Default);

    private void Report(string node, long sequence, int incarnation = 1, UInt128[]? added = null, UInt128[]? removed = null, bool draining = false)
    {
        Assert.True(_table.Apply(Make(WorkerRole.Prefill, sequence, added ?? [], removed ?? [])));
        if (sequence == 1)
        {
            Assert.True(_table.Apply(Make(WorkerRole.Decode, sequence, added ?? [], [])));
        }

        WorkerReport Make(WorkerRole role, long number, UInt128[] more, UInt128[] fewer) => new(
            new WorkerId(node, $"{role}-0"), role, new Guid(incarnation, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]), number, "w", "f", "address",
            new WorkerLoad(0, 0, 0, 1000, 0, 0, 0, 0), [.. more], [.. fewer], false, [], [])
        { Draining = draining };
    }

    private string Admit(params UInt128[] names)
    {
        AdmissionBook book = new(_table, new TenantAccounts(), new AdmissionLimits(10_000, 64, 0), TimeSpan.Zero);
        AdmissionRequest request = Request("f", names);
        Admission? admission = book.TryAdmit(request, null);
        Assert.Equal(AdmissionOutcome.Admitted, admission!.Outcome);
        book.Complete(request.RequestId);
        return admission.Prefill.Node;
    }
}
