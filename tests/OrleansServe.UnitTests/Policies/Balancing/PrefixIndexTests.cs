using OrleansServe.Policies.Balancing;
using Xunit;

namespace OrleansServe.UnitTests.Policies.Balancing;

public sealed class PrefixIndexTests
{
    [Fact]
    public void Match_HolesInWhatIsHeld_CountsOnlyThePrefix()
    {
        PrefixIndex index = new();
        int worker = index.AddWorker();
        index.Hold(worker, 1);
        index.Hold(worker, 3);
        Assert.Equal([new PrefixMatch(1, 1)], Match(index, 1, 2, 3));
        Assert.Equal([new PrefixMatch(0, 0)], Match(index, 2, 1));
        Assert.Equal([new PrefixMatch(0, 0)], Match(index));
    }

    [Fact]
    public void Match_DroppedBlocks_AreKnownStill()
    {
        PrefixIndex index = new();
        int a = index.AddWorker();
        int b = index.AddWorker();
        index.Hold(a, 1);
        index.Hold(b, 1);
        index.Hold(a, 2);
        index.Drop(a, 2);
        index.Drop(a, 2);
        index.Drop(b, 9);
        Assert.Equal([new PrefixMatch(1, 2), new PrefixMatch(1, 1)], Match(index, 1, 2));
        Assert.Equal(1, index.HeldNames);
        Assert.Equal(1, index.RememberedNames);
    }

    [Fact]
    public void RemoveWorker_ItsSlot_IsUsedAgainWithNothingInIt()
    {
        PrefixIndex index = new();
        int a = index.AddWorker();
        int b = index.AddWorker();
        index.Hold(a, 1);
        index.Hold(b, 1);
        index.Hold(a, 2);
        index.RemoveWorker(a);
        Assert.Equal(a, index.AddWorker());
        Assert.Equal([new PrefixMatch(0, 0), new PrefixMatch(1, 1)], Match(index, 1, 2));
        Assert.Equal(2, index.SlotCount);
    }

    [Fact]
    public void Drop_ManyNames_ForgetsTheOldestAndStaysBounded()
    {
        PrefixIndex index = new();
        int worker = index.AddWorker();
        for (uint name = 0; name < 100_000; name++)
        {
            index.Hold(worker, name);
            index.Drop(worker, name);
        }

        Assert.Equal(0, index.HeldNames);
        Assert.InRange(index.RememberedNames, 1, 2000);
        Assert.Equal([new PrefixMatch(0, 1)], Match(index, 99_999));
        Assert.Equal([new PrefixMatch(0, 0)], Match(index, 0));
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 64)]
    [InlineData(3, 65)]
    [InlineData(4, 200)]
    public void AnyUse_RandomReports_IsWhatTheWorkersHold(int seed, int most)
    {
        Random random = new(seed);
        PrefixIndex index = new();
        Dictionary<int, HashSet<UInt128>> model = [];
        for (int step = 0; step < 8_000; step++)
        {
            int kind = random.Next(200);
            if (model.Count == 0 || (kind == 0 && model.Count < most) || (step < most && model.Count < most))
            {
                model.Add(index.AddWorker(), []);
            }
            else if (kind == 1)
            {
                int gone = model.Keys.ElementAt(random.Next(model.Count));
                index.RemoveWorker(gone);
                model.Remove(gone);
            }
            else
            {
                (int slot, HashSet<UInt128> held) = model.ElementAt(random.Next(model.Count));
                UInt128 name = (UInt128)random.Next(300);
                if (random.Next(3) > 0)
                {
                    index.Hold(slot, name);
                    held.Add(name);
                }
                else
                {
                    index.Drop(slot, name);
                    held.Remove(name);
                }
            }

            if (step % 8 == 0)
            {
                UInt128 first = (UInt128)random.Next(300);
                UInt128[] names = [.. Enumerable.Range(0, random.Next(6)).Select(i => first + (UInt128)i)];
                PrefixMatch[] matches = Match(index, names);
                Assert.Equal(model.Values.SelectMany(held => held).Distinct().Count(), index.HeldNames);
                HashSet<UInt128> sole = [.. model.Values.SelectMany(held => held).CountBy(name => name).Where(count => count.Value == 1).Select(count => count.Key)];
                Assert.All(model, worker => Assert.Equal(worker.Value.Count(sole.Contains), index.UniqueNames(worker.Key)));
                for (int slot = 0; slot < matches.Length; slot++)
                {
                    int expected = model.TryGetValue(slot, out HashSet<UInt128>? held) ? names.TakeWhile(held.Contains).Count() : 0;
                    Assert.Equal(expected, matches[slot].Held);
                    Assert.InRange(matches[slot].Known, expected, names.Length);
                }
            }
        }
    }

    private static PrefixMatch[] Match(PrefixIndex index, params UInt128[] names)
    {
        PrefixMatch[] matches = new PrefixMatch[index.SlotCount];
        index.Match(names, matches);
        return matches;
    }
}
