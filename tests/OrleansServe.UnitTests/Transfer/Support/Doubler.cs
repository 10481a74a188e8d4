using OrleansServe.Transfer.Experts;

namespace OrleansServe.UnitTests.Transfer.Support;

/// <summary>An expert shard whose experts double; layer 99 fails.</summary>
internal sealed class Doubler : IExpertReceiver
{
    public void Submit(ExpertBatch batch)
    {
        if (batch.Layer == 99)
        {
            batch.Fail("no such layer");
            return;
        }

        for (int i = 0; i < batch.Rows.Length; i++)
        {
            batch.Outputs[i] = batch.Rows[i] * 2;
        }

        batch.Complete();
    }
}
