using OrleansServe.Policies.Batching;
using Xunit;
using static OrleansServe.UnitTests.Policies.Batching.Candidates;

namespace OrleansServe.UnitTests.Policies.Batching;

public sealed class RanksTests
{
    [Fact]
    public void ByService_NotDue_TheEarliestDueGoesFirst() =>
        Assert.Equal([2, 0, 1], ByService(Prompt(0, 1, dueIn: 2), Prompt(1, 1, dueIn: 3), Prompt(2, 1, dueIn: 1, served: 1000)));

    [Fact]
    public void ByService_Overdue_TheTenantServedLeastGoesFirst() =>
        Assert.Equal([2, 1, 0, 3], ByService(Prompt(0, 1, dueIn: -9, served: 50), Prompt(1, 1, dueIn: -8, served: 30), Prompt(2, 1, dueIn: -1, served: 7), Prompt(3, 1, dueIn: 1)));

    [Fact]
    public void ByService_OneTenant_TheOldestOfTheOverdueGoesFirst() =>
        Assert.Equal([1, 0], ByService(Prompt(0, 1, dueIn: -1), Prompt(1, 1, dueIn: -2)));

    [Fact]
    public void ByService_ATenantFloods_OthersWaitUntilTheyAreDueAtMost()
    {
        // A flood of interactive requests that are all late, and one batch request of another tenant, due in 30 s.
        List<BatchCandidate> queue = [.. Enumerable.Range(0, 600).Select(i => Prompt(i, 1, dueIn: -50 + (i * 0.01), serviceClass: ServiceClass.Interactive))];
        queue.Add(Prompt(9999, 1, dueIn: 30, serviceClass: ServiceClass.Batch));
        TimeSpan now = Now;
        for (int served = 1; ; served++)
        {
            int next = Order(queue, now)[0];
            if (queue[next].Order == 9999)
            {
                break;
            }

            queue.RemoveAt(next);
            queue = [.. queue.Select(candidate => candidate.Order == 9999 ? candidate : candidate with { TenantServed = served })];
            now += TimeSpan.FromSeconds(0.1);
        }

        Assert.InRange((now - Now).TotalSeconds, 29.9, 30.1);
        Assert.InRange(queue.Count, 200, 400);
    }

    [Fact]
    public void ByRank_HigherClassesFirstThenTheOlder()
    {
        int[] order = new int[4];
        Ranks.ByRank([Row(3), Row(1), Row(9, ServiceClass.Interactive), Row(0, ServiceClass.Batch)], order);
        Assert.Equal([2, 1, 0, 3], order);
    }

    private static int[] ByService(params BatchCandidate[] candidates) => Order(candidates, Now);

    private static int[] Order(IEnumerable<BatchCandidate> candidates, TimeSpan now)
    {
        BatchCandidate[] all = [.. candidates];
        int[] order = new int[all.Length];
        Ranks.ByService(all, now, order);
        return order;
    }
}
