using OrleansServe.Model.Checkpoints;
using OrleansServe.Model.NumberFormats;
using OrleansServe.Transfer.Experts;
using Xunit;

namespace OrleansServe.UnitTests.Transfer.Experts;

public sealed class ExpertRowCodecTests
{
    [Theory]
    [InlineData(ExpertRowFormat.Exact, 7168, 28672, 28672)]
    [InlineData(ExpertRowFormat.Float8, 7168, 7168 + 56, 14336)]
    [InlineData(ExpertRowFormat.Float8, 130, 132, 260)]
    [InlineData(ExpertRowFormat.Float8, int.MaxValue, int.MaxValue + (1L << 24), 2L * int.MaxValue)]
    public void Bytes_OfARow_AreThoseOfItsNumbers(ExpertRowFormat format, int hidden, long row, long output)
    {
        Assert.Equal(row, ExpertRowCodec.RowBytes(format, hidden));
        Assert.Equal(output, ExpertRowCodec.OutputBytes(format, hidden));
    }

    [Theory]
    [InlineData(ExpertRowFormat.Exact, 3, 130)]
    [InlineData(ExpertRowFormat.Float8, 1, 1)]
    [InlineData(ExpertRowFormat.Float8, 3, 130)]
    [InlineData(ExpertRowFormat.Float8, 5, 256)]
    public void ReadRows_WhatWriteRowsWrote_AreTheRoundedRows(ExpertRowFormat format, int count, int hidden)
    {
        Random random = new(hidden);
        using ExpertBatch sent = new(), received = new();
        sent.Begin(3, hidden, count, 7, format);
        received.Begin(3, hidden, count, 7, format);
        for (var i = 0; i < sent.Rows.Length; i++)
        {
            sent.Rows[i] = random.NextSingle() - 0.5f;
            sent.Outputs[i] = random.NextSingle() - 0.5f;
        }

        if (format == ExpertRowFormat.Float8)
        {
            for (var row = 0; row < count; row++)
            {
                Float8Rows.Round(sent.Rows.Slice(row * hidden, hidden), sent.Rows.Slice(row * hidden, hidden));
            }

            BFloat16.Round(sent.Outputs);
        }

        var rows = new byte[count * ExpertRowCodec.RowBytes(format, hidden)];
        var outputs = new byte[count * ExpertRowCodec.OutputBytes(format, hidden)];
        ExpertRowCodec.WriteRows(sent, rows);
        ExpertRowCodec.ReadRows(rows, received);
        ExpertRowCodec.WriteOutputs(sent, outputs);
        ExpertRowCodec.ReadOutputs(outputs, received);

        Assert.Equal(sent.Rows.ToArray(), received.Rows.ToArray());
        Assert.Equal(sent.Outputs.ToArray(), received.Outputs.ToArray());
    }
}
