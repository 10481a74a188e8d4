using OrleansServe.Model.Checkpoints;
using OrleansServe.Silo.Models;
using OrleansServe.UnitTests.Engine;
using Xunit;

namespace OrleansServe.UnitTests.Silo;

public sealed class LoadedModelTests
{
    /// <summary>Weights kept as int8 are another model: no block that they made may be taken for one of the native weights.</summary>
    [Fact]
    public void Load_OtherNumbersForTheWeights_GivesAnotherKvFormatToAll()
    {
        using LoadedModel native = Load(WeightFormat.Native), again = Load(WeightFormat.Native), int8 = Load(WeightFormat.Int8), rows = Load(WeightFormat.Native, ExpertRowFormat.Float8);
        Assert.Equal(native.ForWorkers.KvFormatHex, again.ForWorkers.KvFormatHex);
        Assert.NotEqual(native.ForWorkers.KvFormatHex, int8.ForWorkers.KvFormatHex);
        Assert.NotEqual(native.ForWorkers.WeightsFingerprint, int8.ForWorkers.WeightsFingerprint);
        Assert.Equal(3, new[] { native, int8, rows }.Select(model => (model.ForWorkers.KvFormatHex, model.ForWorkers.WeightsFingerprint)).Distinct().Count());
        Assert.Equal(rows.ForWorkers.WeightsFingerprint, rows.ForGateway.WeightsFingerprint);
        Assert.Equal(ExpertRowFormat.Float8, rows.ForWorkers.ExpertRows);
        Assert.All(new[] { native, int8 }, model =>
        {
            Assert.Equal(model.ForWorkers.KvFormat.ToArray(), model.ForGateway.KvFormat.ToArray());
            Assert.Equal(model.ForWorkers.WeightsFingerprint, model.ForGateway.WeightsFingerprint);
        });
        Assert.Equal((WeightFormat.Native, WeightFormat.Int8), (native.ForWorkers.Weights, int8.ForWorkers.Weights));
    }

    private static LoadedModel Load(WeightFormat weights, ExpertRowFormat rows = ExpertRowFormat.Exact) =>
        LoadedModel.Load(Repository.TinyR1, name: null, weights, progress: null, CancellationToken.None, rows);
}
