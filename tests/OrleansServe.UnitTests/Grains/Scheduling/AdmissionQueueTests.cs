using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Grains.Scheduling;
using OrleansServe.Policies.Batching;
using Xunit;
using Candidates = OrleansServe.UnitTests.Policies.Batching.Candidates;

namespace OrleansServe.UnitTests.Grains.Scheduling;

public sealed class AdmissionQueueTests
{
    private const int Limit = 40;
    private readonly TenantAccounts _tenants = new();
    private readonly AdmissionQueue _queue;

    public AdmissionQueueTests() => _queue = new AdmissionQueue(_tenants, Limit, Candidates.Targets);

    [Theory]
    [InlineData(ServicePriority.Interactive, "new", "batch of a, the newest")]
    [InlineData(ServicePriority.Standard, "new", "batch of a, the newest")]
    [InlineData(ServicePriority.Batch, "new", "batch of a, the newest")]
    [InlineData(ServicePriority.Batch, "b", "batch of a, the newest")]
    [InlineData(ServicePriority.Batch, "a", null)]
    public void Displace_FullQueue_TheNewestOfTheLowestClassOrOfTheTenantWithMostGoes(ServicePriority priority, string tenant, string? refused)
    {
        Dictionary<PendingAdmission, string> names = [];
        names[Arrive(ServicePriority.Batch, "a")] = "batch of a, the oldest";
        names[Arrive(ServicePriority.Batch, "b")] = "batch of b";
        names[Arrive(ServicePriority.Batch, "a")] = "batch of a";
        names[Arrive(ServicePriority.Batch, "a")] = "batch of a, the newest";
        while (!_queue.IsFull)
        {
            names[Arrive(ServicePriority.Interactive, $"c{_queue.Count}")] = "interactive";
        }

        Assert.Equal(Limit, _queue.Count);
        PendingAdmission newcomer = _queue.Open(Request(priority, tenant), TimeSpan.Zero);
        Assert.Equal(refused, _queue.Displace(newcomer) is { } pending ? names[pending] : null);
    }

    [Fact]
    public void Displace_FloodOfHighestClass_IsHeldBackForItsOwnTenantOnly()
    {
        while (!_queue.IsFull)
        {
            Arrive(ServicePriority.Interactive, "flood");
        }

        Assert.Null(_queue.Displace(_queue.Open(Request(ServicePriority.Standard, "modest"), TimeSpan.Zero)));
        Assert.Null(_queue.Displace(_queue.Open(Request(ServicePriority.Interactive, "flood"), TimeSpan.Zero)));
        Assert.Equal(Limit, _queue.Displace(_queue.Open(Request(ServicePriority.Interactive, "modest"), TimeSpan.Zero))?.Order);
    }

    [Fact]
    public void Drain_NobodyIsDue_ServesByTheTimeTheyAreDue()
    {
        PendingAdmission batch = Arrive(ServicePriority.Batch, "a");
        PendingAdmission standard = Arrive(ServicePriority.Standard, "a");
        PendingAdmission interactive = Arrive(ServicePriority.Interactive, "a");
        PendingAdmission later = Arrive(ServicePriority.Standard, "a", at: 1);
        Assert.Equal([interactive, standard, later, batch], Drain(now: 0, most: 4));
        Assert.Equal(0, _queue.Count);
    }

    [Fact]
    public void Drain_AllAreOverdue_ServesTheTenantServedLeastWhateverItsClass()
    {
        PendingAdmission[] greedy = [.. Enumerable.Range(0, 20).Select(_ => Arrive(ServicePriority.Interactive, "greedy"))];
        PendingAdmission modest = Arrive(ServicePriority.Batch, "modest", at: 1);
        greedy[0].Account.Charge(1000);
        Assert.Equal([modest, .. greedy], Drain(now: 60, most: 21));
    }

    [Fact]
    public void Drain_OneTenantPilesUp_TheOtherHasEverySecondTurn()
    {
        PendingAdmission[] a = [.. Enumerable.Range(0, 10).Select(_ => Arrive(ServicePriority.Standard, "a"))];
        PendingAdmission[] b = [.. Enumerable.Range(0, 3).Select(_ => Arrive(ServicePriority.Standard, "b"))];
        List<PendingAdmission> served = [];
        for (int turn = 0; turn < 13; turn++)
        {
            PendingAdmission next = Assert.Single(Drain(now: 60, most: 1));
            next.Account.Charge(100);
            served.Add(next);
        }

        Assert.Equal([a[0], b[0], a[1], b[1], a[2], b[2], .. a[3..]], served);
    }

    [Fact]
    public void Drain_NoRoom_AsksSixteenAndNoMoreAndStopsAtOneThatIsDue()
    {
        while (!_queue.IsFull)
        {
            Arrive(ServicePriority.Standard, "a", at: _queue.Count);
        }

        int asked = 0;
        _queue.Drain(TimeSpan.Zero, _ => ++asked == 0);
        Assert.Equal(16, asked);

        // The first is due after its class's five seconds: nobody overtakes it any more.
        asked = 0;
        _queue.Drain(TimeSpan.FromSeconds(5), _ => ++asked == 0);
        Assert.Equal(1, asked);
        Assert.Equal(Limit, _queue.Count);
    }

    private static AdmissionRequest Request(ServicePriority priority, string tenant) =>
        new(Guid.NewGuid(), "gateway", 10, 10, [], "f", [], new SchedulingSettings(priority, tenant));

    private PendingAdmission Arrive(ServicePriority priority, string tenant, int at = 0)
    {
        PendingAdmission pending = _queue.Open(Request(priority, tenant), TimeSpan.FromSeconds(at));
        _queue.Add(pending);
        return pending;
    }

    private List<PendingAdmission> Drain(int now, int most)
    {
        List<PendingAdmission> served = [];
        _queue.Drain(TimeSpan.FromSeconds(now), pending =>
        {
            if (served.Count == most)
            {
                return false;
            }

            served.Add(pending);
            _queue.Remove(pending);
            return true;
        });
        return served;
    }
}
