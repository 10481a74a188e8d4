using OrleansServe.Grains.Scheduling;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Scheduling;

public sealed class EndedRequestsTests
{
    private readonly EndedRequests _ended = new();

    [Fact]
    public void Contains_AddedTwiceAndLongAgo_OnlyAsLongAsItsCallMayBeUnderWay()
    {
        Guid early = Guid.NewGuid();
        Guid late = Guid.NewGuid();
        _ended.Add(early, TimeSpan.Zero);
        _ended.Add(late, TimeSpan.FromSeconds(90));
        _ended.Add(early, TimeSpan.FromSeconds(91));
        Assert.True(_ended.Contains(early));
        Assert.Equal(2, _ended.Count);

        _ended.Forget(TimeSpan.FromSeconds(121));
        Assert.False(_ended.Contains(early));
        Assert.True(_ended.Contains(late));

        _ended.Forget(TimeSpan.FromSeconds(211));
        Assert.Equal(0, _ended.Count);
    }

    [Fact]
    public void Add_MoreThanTheLimit_TheOldestAreForgotten()
    {
        Guid[] requests = [.. Enumerable.Range(0, EndedRequests.Limit + 3).Select(_ => Guid.NewGuid())];
        foreach (Guid request in requests)
        {
            _ended.Add(request, TimeSpan.Zero);
        }

        Assert.Equal(EndedRequests.Limit, _ended.Count);
        Assert.All(requests[..3], request => Assert.False(_ended.Contains(request)));
        Assert.All(requests[3..], request => Assert.True(_ended.Contains(request)));
    }
}
