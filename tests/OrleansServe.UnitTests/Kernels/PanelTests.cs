using OrleansServe.Kernels.Elementwise;
using OrleansServe.Kernels.Lanes;
using OrleansServe.Kernels.Panels;
using OrleansServe.Kernels.Products;
using Xunit;
using static OrleansServe.UnitTests.Kernels.KernelCases;

namespace OrleansServe.UnitTests.Kernels;

public sealed class PanelTests
{
    private static readonly (int Rows, int Outputs)[] Shapes = [(1, 4), (1, 20), (2, 8), (2, 12), (3, 12), (4, 4), (5, 8), (11, 24)];

    [Theory]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(224)]
    [InlineData(7168)]
    public void Execute_EveryWidthAndFormat_HasTheBitsOfTheRowProduct(int columns)
    {
        foreach (var (rows, outputs) in Shapes)
        {
            int xStride = columns + 3, yStride = outputs + 2;
            float[] x = Vector(((rows - 1) * xStride) + columns, 1), w = Vector(outputs * columns, 2);
            var narrow = BFloat16(w);
            var widened = Array.ConvertAll(narrow, WidenBFloat16.Scalar);
            var narrowPanels = new ushort[w.Length];
            var widePanels = new float[w.Length];
            PanelLayout.Pack(narrow, columns, narrowPanels);
            PanelLayout.Pack(widened, columns, widePanels);
            var expected = Run(rows, outputs, yStride, y => MatMul.ExecuteScalar(x, xStride, rows, widened.AsSpan(), columns, y, yStride));

            Check(y => PanelMatMul.ExecuteScalar(x, xStride, rows, narrowPanels.AsSpan(), columns, y, yStride));
            Check(y => PanelMatMul.Execute(x, xStride, rows, narrowPanels.AsSpan(), columns, y, yStride));
            Check(y => PanelMatMul.Execute<Lanes512, BFloat16Panels, ushort>(x, xStride, rows, narrowPanels, [], columns, y, yStride));
            Check(y => PanelMatMul.Execute<Lanes256, BFloat16Panels, ushort>(x, xStride, rows, narrowPanels, [], columns, y, yStride));
            Check(y => PanelMatMul.Execute<Lanes128, BFloat16Panels, ushort>(x, xStride, rows, narrowPanels, [], columns, y, yStride));
            Check(y => PanelMatMul.ExecuteScalar(x, xStride, rows, widePanels.AsSpan(), columns, y, yStride));
            Check(y => PanelMatMul.Execute(x, xStride, rows, widePanels.AsSpan(), columns, y, yStride));
            Check(y => PanelMatMul.Execute<Lanes512, SinglePanels, float>(x, xStride, rows, widePanels, [], columns, y, yStride));
            Check(y => PanelMatMul.Execute<Lanes256, SinglePanels, float>(x, xStride, rows, widePanels, [], columns, y, yStride));
            Check(y => PanelMatMul.Execute<Lanes128, SinglePanels, float>(x, xStride, rows, widePanels, [], columns, y, yStride));

            void Check(Action<float[]> product) => AssertSameBits(expected, Run(rows, outputs, yStride, product));
        }
    }

    [Theory]
    [InlineData(32)]
    [InlineData(96)]
    [InlineData(7168)]
    public void Execute_Int8_EveryWidthEqualsScaledSumsOfBytes(int columns)
    {
        foreach (var (rows, outputs) in Shapes)
        {
            int xStride = columns + 1, yStride = outputs + 1;
            var x = Vector(((rows - 1) * xStride) + columns, 1);
            var scales = Vector(outputs, 3);
            var bytes = Array.ConvertAll(Vector(outputs * columns, 2, 127.4f), v => (sbyte)MathF.Round(v));
            bytes[0] = -127;
            bytes[^1] = 127;
            var panels = new sbyte[bytes.Length];
            PanelLayout.Pack(bytes, columns, panels);

            var wide = Array.ConvertAll(bytes, b => (float)b);
            var expected = Run(rows, outputs, yStride, y => MatMul.ExecuteScalar(x, xStride, rows, wide.AsSpan(), columns, y, yStride));
            for (var row = 0; row < rows; row++)
            {
                for (var output = 0; output < outputs; output++)
                {
                    expected[(row * yStride) + output] *= scales[output];
                }
            }

            Check(y => PanelMatMul.ExecuteScalar(x, xStride, rows, panels.AsSpan(), scales, columns, y, yStride));
            Check(y => PanelMatMul.Execute(x, xStride, rows, panels.AsSpan(), scales, columns, y, yStride));
            Check(y => PanelMatMul.Execute<Lanes512, Int8Panels, sbyte>(x, xStride, rows, panels, scales, columns, y, yStride));
            Check(y => PanelMatMul.Execute<Lanes256, Int8Panels, sbyte>(x, xStride, rows, panels, scales, columns, y, yStride));
            Check(y => PanelMatMul.Execute<Lanes128, Int8Panels, sbyte>(x, xStride, rows, panels, scales, columns, y, yStride));

            void Check(Action<float[]> product) => AssertSameBits(expected, Run(rows, outputs, yStride, product));
        }
    }

    [Fact]
    public void Execute_MoreRowsThanACacheHolds_EqualRowsAlone()
    {
        const int Columns = 7168, Rows = 41, Outputs = 8;
        float[] x = Vector(Rows * Columns, 1), panels = Vector(Outputs * Columns, 2);
        float[] together = new float[Rows * Outputs], alone = new float[Outputs];
        PanelMatMul.Execute(x, Columns, Rows, panels.AsSpan(), Columns, together, Outputs);
        for (var row = 0; row < Rows; row++)
        {
            PanelMatMul.Execute(x.AsSpan(row * Columns, Columns), Columns, 1, panels.AsSpan(), Columns, alone, Outputs);
            AssertSameBits(alone, together.AsSpan(row * Outputs, Outputs));
        }
    }

    [Fact]
    public void Execute_ShapesDoNotFit_Throws()
    {
        var x = new float[64];
        Assert.Throws<ArgumentException>(() => PanelMatMul.Execute(x, 32, 2, new float[32 * 6].AsSpan(), 32, new float[16], 8));
        Assert.Throws<ArgumentException>(() => PanelMatMul.Execute(x, 30, 2, new float[30 * 4].AsSpan(), 30, new float[16], 8));
        Assert.Throws<ArgumentException>(() => PanelMatMul.Execute(x, 32, 3, new float[32 * 4].AsSpan(), 32, new float[16], 4));
        Assert.Throws<ArgumentException>(() => PanelMatMul.Execute(x, 32, 2, new float[32 * 4].AsSpan(), 32, new float[7], 4));
        Assert.Throws<ArgumentException>(() => PanelMatMul.Execute(x, 32, 2, new sbyte[32 * 4].AsSpan(), new float[8], 32, new float[8], 4));
        Assert.Throws<ArgumentException>(() => PanelMatMul.Execute(x, 32, 2, new sbyte[32 * 4].AsSpan(), [], 32, new float[8], 4));
        Assert.Throws<ArgumentException>(() => PanelLayout.Pack(new float[128], 32, new float[127]));
        Assert.Throws<ArgumentException>(() => PanelLayout.Pack(new float[96], 32, new float[96]));
    }

    [Fact]
    public void Row_AnyNumbers_AreWithinHalfAStepAndReachTheLargest()
    {
        foreach (var scale in new[] { 1e-40f, 1e-20f, 0.02f, 1f, 1e30f })
        {
            var row = Vector(333, 7, scale);
            var bytes = new sbyte[row.Length];
            var step = Int8Quantizer.Row(row, bytes);
            Assert.Equal(127, bytes.Max(b => Math.Abs((int)b)));
            for (var i = 0; i < row.Length; i++)
            {
                Assert.InRange(Math.Abs(((double)step * bytes[i]) - row[i]), 0, (step * 0.5001) + (127 * float.Epsilon));
            }
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Row_NotFinite_GivesAScaleThatIsNotFinite(float bad)
    {
        var bytes = new sbyte[3];
        Assert.True(float.IsNaN(Int8Quantizer.Row([1f, bad, 2f], bytes)));
        Assert.Equal([0, 0, 0], bytes);
    }

    [Fact]
    public void Row_Zeros_GivesZeros()
    {
        var bytes = new sbyte[] { 1, 2 };
        Assert.Equal(0f, Int8Quantizer.Row([0f, -0f], bytes));
        Assert.Equal([0, 0], bytes);
    }

    private static float[] Run(int rows, int outputs, int yStride, Action<float[]> product)
    {
        var y = new float[((rows - 1) * yStride) + outputs];
        Array.Fill(y, 123f);
        product(y);

        // What lies between the rows belongs to others.
        for (var i = 0; i < y.Length; i++)
        {
            Assert.True(i % yStride < outputs || y[i] == 123f);
        }

        return y;
    }
}
