using OrleansServe.Policies.KvBlocks;
using Xunit;

namespace OrleansServe.UnitTests.Policies.KvBlocks;

public sealed class EvictedNamesTests
{
    [Fact]
    public void TryTake_Remembered_GivesTheUsesOnce()
    {
        EvictedNames names = new(4);
        names.Add(7, 3);
        Assert.True(names.TryTake(7, out byte uses));
        Assert.Equal(3, uses);
        Assert.False(names.TryTake(7, out uses));
        Assert.Equal(0, uses);
    }

    [Fact]
    public void Add_Full_ForgetsTheOldest()
    {
        EvictedNames names = new(2);
        names.Add(1, 1);
        names.Add(2, 2);
        names.Add(3, 3);
        Assert.False(names.TryTake(1, out _));
        Assert.True(names.TryTake(2, out _));
        Assert.True(names.TryTake(3, out _));
    }

    [Fact]
    public void Add_TakenAndEvictedAgain_OutlivesItsFormerSlot()
    {
        EvictedNames names = new(3);
        names.Add(1, 1);
        Assert.True(names.TryTake(1, out _));
        names.Add(2, 1);
        names.Add(1, 2);
        names.Add(3, 1);
        Assert.True(names.TryTake(1, out byte uses));
        Assert.Equal(2, uses);
    }
}
