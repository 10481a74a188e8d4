using OrleansServe.Policies.Balancing;
using Xunit;

namespace OrleansServe.UnitTests.Policies.Balancing;

public sealed class NameTableTests
{
    [Theory]
    [InlineData(1, 50)]
    [InlineData(2, 5000)]
    public void AnyUse_RandomNames_IsADictionary(int seed, int names)
    {
        Random random = new(seed);
        NameTable table = new();
        Dictionary<UInt128, int> model = [];
        for (int step = 0; step < 60_000; step++)
        {
            UInt128 name = new((ulong)random.Next(names), 5);
            int found = table.Find(name);
            Assert.Equal(model.GetValueOrDefault(name, -1), found);
            if (found < 0)
            {
                model.Add(name, table.Add(name));
                Assert.Equal(name, table.NameOf(model[name]));
            }
            else
            {
                table.Remove(found);
                model.Remove(name);
            }

            Assert.Equal(model.Count, table.Count);
        }

        Assert.Equal(model.Values.Order(), table.Numbers.Order());
        Assert.Equal(model.Count, model.Values.Distinct().Count());
        Assert.All(model, pair => Assert.Equal(pair.Value, table.Find(pair.Key)));
        Assert.InRange(table.NumberCount, model.Count, names);
    }
}
